"""Search of things by their labels, in any language and script.

``building`` makes an index of a store once. ``columns`` stores it in one block of memory that
processes share. ``index`` searches it.
"""

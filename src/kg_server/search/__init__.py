"""Search: things found by their labels, in any language and script.

``building`` makes an index of a store once, ``columns`` keeps it in one block of memory that
processes share, and ``index`` searches it.
"""

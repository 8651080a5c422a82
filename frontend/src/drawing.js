// Graph drawing with d3-force, for query results.

import { drag } from "d3-drag";
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "d3-force";
import { select } from "d3-selection";
import { zoom } from "d3-zoom";
import { labelsOf } from "./endpoint.js";
import { pageOf, shortIri } from "./terms.js";

const WIDTH = 800;
const HEIGHT = 460;
const STEPS_AT_ONCE = 250;

/**
 * Draw links as a graph into `place`, in the place of what is there.
 *
 * @param {HTMLElement} place
 * @param {{source: string, property: string, target: string}[]} links
 */
export async function drawGraph(place, links) {
  const drawing = new Drawing(place);
  await drawing.add(links);
}

class Drawing {
  constructor(place) {
    this.nodes = new Map();
    this.links = new Map();
    this.labels = new Map();
    place.replaceChildren();
    this.svg = select(place)
      .append("svg")
      .attr("class", "chart network")
      .attr("viewBox", `0 0 ${WIDTH} ${HEIGHT}`)
      .attr("role", "group")
      .attr("aria-label", place.dataset.label ?? "Graph");
    this.canvas = this.svg.append("g");
    this.svg.call(
      zoom()
        .scaleExtent([0.3, 4])
        .filter((event) => event.type !== "wheel" || event.ctrlKey)
        .on("zoom", ({ transform }) => this.canvas.attr("transform", transform)),
    );
    this.simulation = forceSimulation()
      .force("charge", forceManyBody().strength(-500))
      .force("collide", forceCollide(48))
      .force("x", forceX(WIDTH / 2).strength(0.05))
      .force("y", forceY(HEIGHT / 2).strength(0.09))
      .stop();
  }

  async add(links) {
    for (const link of links) {
      for (const iri of [link.source, link.target]) {
        if (!this.nodes.has(iri)) this.nodes.set(iri, { iri });
      }
      const key = `${link.source} ${link.property} ${link.target}`;
      if (!this.links.has(key)) this.links.set(key, { ...link, key });
    }
    const missing = [...this.nodes.keys(), ...links.map(({ property }) => property)].filter(
      (iri) => iri && !this.labels.has(iri),
    );
    const labels = await labelsOf(missing, document.documentElement.lang);
    labels.forEach((label, iri) => this.labels.set(iri, label));
    this.draw();
  }

  label(iri) {
    return this.labels.get(iri) ?? shortIri(iri);
  }

  draw() {
    const nodes = [...this.nodes.values()];
    const links = [...this.links.values()].map((link) => ({ ...link }));
    this.drawLinks(links);
    this.drawNodes(nodes);
    this.simulation.nodes(nodes).force(
      "link",
      forceLink(links)
        .id(({ iri }) => iri)
        .distance(150),
    );
    this.simulation.alpha(1).tick(STEPS_AT_ONCE); // settled before it is shown: nothing wobbles
    this.fit(nodes);
    this.place();
  }

  /** Show all of the drawing: labels are wider than the dots they stand above. */
  fit(nodes) {
    const [xs, ys] = [nodes.map(({ x }) => x), nodes.map(({ y }) => y)];
    const [left, top] = [Math.min(...xs) - 120, Math.min(...ys) - 45];
    const width = Math.max(Math.max(...xs) + 120 - left, WIDTH);
    const height = Math.max(Math.max(...ys) + 30 - top, HEIGHT);
    const middle = [(left + Math.max(...xs) + 120) / 2, (top + Math.max(...ys) + 30) / 2];
    this.svg.attr("viewBox", `${middle[0] - width / 2} ${middle[1] - height / 2} ${width} ${height}`);
  }

  drawLinks(links) {
    this.lines = this.canvas
      .selectAll("g.link")
      .data(links, ({ key }) => key)
      .join((enter) => {
        const group = enter.insert("g", "g.node").attr("class", "link");
        group.append("line").attr("class", "axis");
        group.append("text").attr("class", "quiet").attr("text-anchor", "middle");
        return group;
      });
    this.lines.select("text").text(({ property }) => (property ? this.label(property) : ""));
  }

  drawNodes(nodes) {
    this.dots = this.canvas
      .selectAll("g.node")
      .data(nodes, ({ iri }) => iri)
      .join((enter) => this.enterNode(enter));
    this.dots.select("a text").text(({ iri }) => shorten(this.label(iri)));
    this.dots.select("title").text(({ iri }) => this.label(iri));
  }

  enterNode(enter) {
    const group = enter.append("g").attr("class", "node");
    const dot = group
      .append("circle")
      .attr("r", 9)
      .attr("class", "series-1");
    dot.append("title");
    group
      .append("a")
      .attr("href", ({ iri }) => pageOf(iri) ?? null)
      .append("text")
      .attr("dy", -15)
      .attr("text-anchor", "middle");
    group.call(
      drag()
        .on("drag", (event, node) => {
          [node.x, node.y] = [event.x, event.y];
          this.place();
        }),
    );
    return group;
  }

  place() {
    this.lines
      .select("line")
      .attr("x1", ({ source }) => source.x)
      .attr("y1", ({ source }) => source.y)
      .attr("x2", ({ target }) => target.x)
      .attr("y2", ({ target }) => target.y);
    this.lines
      .select("text")
      .attr("x", ({ source, target }) => (source.x + target.x) / 2)
      .attr("y", ({ source, target }) => (source.y + target.y) / 2 - 3);
    this.dots.attr("transform", ({ x, y }) => `translate(${x},${y})`);
  }
}

function shorten(text) {
  return text.length > 32 ? `${text.slice(0, 31)}…` : text;
}

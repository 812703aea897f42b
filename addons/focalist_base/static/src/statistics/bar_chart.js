import {Component, onWillStart, useEffect, useRef} from "@odoo/owl";
import {cookie} from "@web/core/browser/cookie";
import {getCustomColor} from "@web/core/colors/colors";
import {loadBundle} from "@web/core/assets";

/* global Chart */

/** A color of the light or the dark scheme. */
export function color(light, dark) {
  return getCustomColor(cookie.get("color_scheme"), light, dark);
}

export const GREY = ["#4b5563", "#9ca3af"];
export const BLUE = ["#0e8ac8", "#38bdf8"];

/**
 * Bars, in either color scheme, on the canvas of the template of whoever extends it.
 * That one says their labels, their datasets and how numbers are written.
 */
export class BarChart extends Component {
  setup() {
    this.canvas = useRef("canvas");
    onWillStart(() => loadBundle("web.chartjs_lib"));
    useEffect(
      () => {
        const chart = new Chart(this.canvas.el, this.config);
        return () => chart.destroy();
      },
      () => Object.values(this.props),
    );
  }

  /** Titles of the bars along the axis. */
  get labels() {
    return [];
  }

  /** Sets of bars, as Chart.js takes them. */
  get datasets() {
    return [];
  }

  /** A number as people read it. */
  format(value) {
    return String(value);
  }

  get config() {
    return {
      type: "bar",
      data: {labels: this.labels, datasets: this.datasets},
      options: this.options,
    };
  }

  get options() {
    const text = color("#374151", "#E4E4E4");
    return {
      animation: {duration: 250},
      maintainAspectRatio: false,
      interaction: {mode: "index", intersect: false},
      plugins: {
        legend: {align: "end", labels: {boxWidth: 12, boxHeight: 12, color: text}},
        tooltip: {
          callbacks: {
            label: ({dataset, raw}) => ` ${dataset.label}: ${this.format(raw)}`,
          },
        },
      },
      scales: {
        x: {grid: {display: false}, ticks: {color: text, autoSkipPadding: 16}},
        y: {
          beginAtZero: true,
          border: {display: false},
          grid: {color: color("#e5e7eb", "#3C3E4B")},
          ticks: {color: text, callback: (value) => this.format(value)},
        },
      },
    };
  }
}

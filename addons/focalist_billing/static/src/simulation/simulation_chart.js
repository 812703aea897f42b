import {Component, onWillStart, useEffect, useRef} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {cookie} from "@web/core/browser/cookie";
import {formatCurrency} from "@web/core/currency";
import {getCustomColor} from "@web/core/colors/colors";
import {loadBundle} from "@web/core/assets";

/* global Chart */

/** Bills by period: those of the present prices beside those of the prices tried. */
export class SimulationChart extends Component {
  static template = "focalist_billing.SimulationChart";
  static props = {simulation: Object};

  setup() {
    this.canvas = useRef("canvas");
    onWillStart(() => loadBundle("web.chartjs_lib"));
    useEffect(
      () => {
        const chart = new Chart(this.canvas.el, this.config);
        return () => chart.destroy();
      },
      () => [this.props.simulation],
    );
  }

  get datasets() {
    const scheme = cookie.get("color_scheme");
    const {rows, compared} = this.props.simulation;
    const sets = [
      ["trial", _t("Simulated prices"), getCustomColor(scheme, "#0e8ac8", "#38bdf8")],
    ];
    if (compared) {
      sets.unshift([
        "present",
        _t("Present prices"),
        getCustomColor(scheme, "#4b5563", "#9ca3af"),
      ]);
    }
    return sets.map(([name, label, backgroundColor]) => ({
      label,
      backgroundColor,
      data: rows.map((row) => row[name]),
      borderRadius: 2,
      maxBarThickness: 32,
    }));
  }

  amount(amount) {
    return formatCurrency(amount, this.props.simulation.currency_id);
  }

  get config() {
    const scheme = cookie.get("color_scheme");
    const text = getCustomColor(scheme, "#374151", "#E4E4E4");
    const grid = getCustomColor(scheme, "#e5e7eb", "#3C3E4B");
    return {
      type: "bar",
      data: {
        labels: this.props.simulation.rows.map((row) => row.title),
        datasets: this.datasets,
      },
      options: {
        animation: {duration: 250},
        maintainAspectRatio: false,
        interaction: {mode: "index", intersect: false},
        plugins: {
          legend: {align: "end", labels: {boxWidth: 12, boxHeight: 12, color: text}},
          tooltip: {
            callbacks: {
              label: ({dataset, raw}) => ` ${dataset.label}: ${this.amount(raw)}`,
            },
          },
        },
        scales: {
          x: {grid: {display: false}, ticks: {color: text, autoSkipPadding: 16}},
          y: {
            beginAtZero: true,
            border: {display: false},
            grid: {color: grid},
            ticks: {color: text, callback: (value) => this.amount(value)},
          },
        },
      },
    };
  }
}

import {Component, onWillStart, useEffect, useRef} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {cookie} from "@web/core/browser/cookie";
import {deserializeDate} from "@web/core/l10n/dates";
import {formatInteger} from "@web/views/fields/formatters";
import {getCustomColor} from "@web/core/colors/colors";
import {loadBundle} from "@web/core/assets";

/* global Chart */

/** Pages by day or by month, mono and colour one on the other. */
export class StatisticsChart extends Component {
  static template = "focalist_base.StatisticsChart";
  static props = {series: Array, by: String};

  setup() {
    this.canvas = useRef("canvas");
    onWillStart(() => loadBundle("web.chartjs_lib"));
    useEffect(
      () => {
        const chart = new Chart(this.canvas.el, this.config);
        return () => chart.destroy();
      },
      () => [this.props.series, this.props.by],
    );
  }

  label(moment, long) {
    const day = deserializeDate(moment);
    if (this.props.by === "month") {
      return day.toLocaleString({month: long ? "long" : "short", year: "numeric"});
    }
    return day.toLocaleString(
      long
        ? {weekday: "long", day: "numeric", month: "long", year: "numeric"}
        : {day: "numeric", month: "short"},
    );
  }

  get datasets() {
    const scheme = cookie.get("color_scheme");
    const sets = [
      ["mono", _t("Mono"), getCustomColor(scheme, "#4b5563", "#9ca3af")],
      ["color", _t("Colour"), getCustomColor(scheme, "#0e8ac8", "#38bdf8")],
      ["unsplit", _t("Not told"), getCustomColor(scheme, "#d1d5db", "#4b5563")],
    ];
    return sets
      .filter(
        ([name]) =>
          name !== "unsplit" || this.props.series.some((point) => point.unsplit),
      )
      .map(([name, label, backgroundColor]) => ({
        label,
        backgroundColor,
        data: this.props.series.map((point) => point[name]),
        borderRadius: 2,
        maxBarThickness: 46,
        categoryPercentage: 0.85,
        barPercentage: 0.95,
      }));
  }

  get config() {
    const scheme = cookie.get("color_scheme");
    const text = getCustomColor(scheme, "#374151", "#E4E4E4");
    const grid = getCustomColor(scheme, "#e5e7eb", "#3C3E4B");
    const {series} = this.props;
    return {
      type: "bar",
      data: {
        labels: series.map((point) => this.label(point.date)),
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
              title: ([item]) => this.label(series[item.dataIndex].date, true),
              label: ({dataset, raw}) => ` ${dataset.label}: ${formatInteger(raw)}`,
              footer: ([item]) =>
                `${_t("Total")}: ${formatInteger(series[item.dataIndex].total)}`,
            },
          },
        },
        scales: {
          x: {
            stacked: true,
            grid: {display: false},
            ticks: {color: text, maxRotation: 0, autoSkipPadding: 16},
          },
          y: {
            stacked: true,
            beginAtZero: true,
            suggestedMax: 5,
            border: {display: false},
            grid: {color: grid},
            ticks: {
              color: text,
              precision: 0,
              callback: (value) => formatInteger(value),
            },
          },
        },
      },
    };
  }
}

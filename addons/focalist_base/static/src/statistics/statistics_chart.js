import {BLUE, BarChart, GREY, color} from "./bar_chart";
import {_t} from "@web/core/l10n/translation";
import {deserializeDate} from "@web/core/l10n/dates";
import {formatInteger} from "@web/views/fields/formatters";

/** Pages by day or by month, mono and colour one on the other. */
export class StatisticsChart extends BarChart {
  static template = "focalist_base.StatisticsChart";
  static props = {series: Array, by: String};

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

  get labels() {
    return this.props.series.map((point) => this.label(point.date));
  }

  get datasets() {
    const sets = [
      ["mono", _t("Mono"), color(...GREY)],
      ["color", _t("Colour"), color(...BLUE)],
      ["unsplit", _t("Not told"), color("#d1d5db", "#4b5563")],
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

  format(pages) {
    return formatInteger(pages);
  }

  get options() {
    const {series} = this.props;
    const options = super.options;
    const {x, y} = options.scales;
    Object.assign(options.plugins.tooltip.callbacks, {
      title: ([item]) => this.label(series[item.dataIndex].date, true),
      footer: ([item]) =>
        `${_t("Total")}: ${this.format(series[item.dataIndex].total)}`,
    });
    x.stacked = y.stacked = true;
    x.ticks.maxRotation = 0;
    y.suggestedMax = 5;
    y.ticks.precision = 0;
    return options;
  }
}

import {Component, onWillStart, onWillUpdateProps, useState} from "@odoo/owl";
import {
  deserializeDate,
  deserializeDateTime,
  formatDate,
  formatDateTime,
  serializeDate,
} from "@web/core/l10n/dates";
import {DateTimeInput} from "@web/core/datetime/datetime_input";
import {KeepLast} from "@web/core/utils/concurrency";
import {StatisticsChart} from "@focalist_base/statistics/statistics_chart";
import {_t} from "@web/core/l10n/translation";
import {download} from "@web/core/network/download";
import {formatInteger} from "@web/views/fields/formatters";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useService} from "@web/core/utils/hooks";

/**
 * What was printed at the client or site that the form shows: see
 * `focalist.statistics.mixin`, which answers in one call for each choice.
 */
export class Statistics extends Component {
  static template = "focalist_base.Statistics";
  static components = {DateTimeInput, StatisticsChart};
  static props = {...standardWidgetProps};

  setup() {
    this.orm = useService("orm");
    this.action = useService("action");
    this.ui = useService("ui");
    this.keepLast = new KeepLast();
    this.periods = [
      ["30d", _t("30 days")],
      ["3m", _t("3 months")],
      ["12m", _t("12 months")],
      ["year", _t("This year")],
      ["free", _t("Dates")],
    ];
    this.steps = [
      ["day", _t("By day")],
      ["month", _t("By month")],
    ];
    this.state = useState({
      period: "30d",
      first: false,
      last: false,
      by: false,
      data: null,
    });
    onWillStart(() => this.load(this.props.record));
    onWillUpdateProps(({record}) => {
      if (record.resId !== this.props.record.resId) {
        return this.load(record);
      }
    });
  }

  /** What is chosen, as the server takes it. */
  get choice() {
    const {period, first, last, by} = this.state;
    return {period, first, last, by};
  }

  async load(record = this.props.record) {
    const {resModel, resId} = record;
    this.state.data = resId
      ? await this.keepLast.add(
          this.orm.call(resModel, "focalist_statistics", [resId], this.choice),
        )
      : null;
  }

  choosePeriod(period) {
    const {first, last} = this.state.data.period;
    Object.assign(this.state, {period, first, last, by: false});
    return this.load();
  }

  chooseStep(by) {
    this.state.by = by;
    return this.load();
  }

  chooseDay(bound, day) {
    if (!day) {
      return;
    }
    this.state[bound] = serializeDate(day);
    this.state.by = false;
    // ISO dates compare as text.
    if (this.state.first > this.state.last) {
      const other = bound === "first" ? "last" : "first";
      this.state[other] = this.state[bound];
    }
    return this.load();
  }

  /** Beyond a year of days no column could be seen. */
  isTooLong(by) {
    return by === "day" && this.state.data.period.days > 366;
  }

  asDate(text) {
    return deserializeDate(text);
  }

  day(text) {
    return formatDate(deserializeDate(text));
  }

  moment(text) {
    return text ? formatDateTime(deserializeDateTime(text), {showSeconds: false}) : "";
  }

  number(value) {
    return formatInteger(value);
  }

  /** Growth as people write it: +12 %, or nothing to compare with. */
  growth(change) {
    if (change === null) {
      return "–";
    }
    return new Intl.NumberFormat(document.documentElement.lang || undefined, {
      style: "percent",
      maximumFractionDigits: 1,
      signDisplay: "exceptZero",
    }).format(change);
  }

  /** A row's part of the most printed one, for the bar behind its number. */
  share(row, rows) {
    return Math.round((100 * row.total) / Math.max(1, rows[0].total));
  }

  get figures() {
    const {totals, before, change} = this.state.data;
    return [
      ["total", _t("Total")],
      ["mono", _t("Mono")],
      ["color", _t("Colour")],
    ].map(([name, label]) => ({
      name,
      label,
      value: totals[name],
      before: before[name],
      change: change[name],
    }));
  }

  /** Whether the period before was measured from its first day. ISO dates are text. */
  get isComparable() {
    const {since, period} = this.state.data;
    return Boolean(since) && since <= period.before_first;
  }

  /** What the figures are compared with, or why with nothing. */
  get comparison() {
    const {since, period} = this.state.data;
    if (this.isComparable) {
      return _t("Compared with %(first)s – %(last)s", {
        first: this.day(period.before_first),
        last: this.day(period.before_last),
      });
    }
    return since
      ? _t("Measured since %s: no whole period before to compare with", this.day(since))
      : "";
  }

  get unsplitNote() {
    return _t(
      "%s pages are in the total only: their device does not tell mono from colour.",
      this.number(this.state.data.totals.unsplit),
    );
  }

  before(figure) {
    return _t("%s before", this.number(figure.before));
  }

  get cutNote() {
    return _t(
      "The first %s; the files have all of them.",
      this.state.data.devices.length,
    );
  }

  get colorShare() {
    const {total, color} = this.state.data.totals;
    return total ? Math.round((100 * color) / total) : 0;
  }

  openDevice(id) {
    return this.action.doAction({
      type: "ir.actions.act_window",
      res_model: "focalist.device",
      res_id: id,
      views: [[false, "form"]],
    });
  }

  openSite(id) {
    return this.action.doAction({
      type: "ir.actions.act_window",
      res_model: "focalist.site",
      res_id: id,
      views: [[false, "form"]],
    });
  }

  async print(kind) {
    const {resModel, resId} = this.props.record;
    this.ui.block();
    try {
      await download({
        url: `/focalist/statistics/${resModel}/${resId}/${kind}`,
        data: Object.fromEntries(
          Object.entries(this.choice).filter(([, value]) => value),
        ),
      });
    } finally {
      this.ui.unblock();
    }
  }
}

registry.category("view_widgets").add("focalist_statistics", {component: Statistics});

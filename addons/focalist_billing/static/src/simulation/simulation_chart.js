import {BLUE, BarChart, GREY, color} from "@focalist_base/statistics/bar_chart";
import {_t} from "@web/core/l10n/translation";
import {formatCurrency} from "@web/core/currency";

/** Bills by period: those of the present prices beside those of the prices tried. */
export class SimulationChart extends BarChart {
  static template = "focalist_billing.SimulationChart";
  static props = {simulation: Object};

  get labels() {
    return this.props.simulation.rows.map((row) =>
      row.true_up ? _t("True-up") : row.title,
    );
  }

  get datasets() {
    const {rows, compared} = this.props.simulation;
    const sets = [["trial", _t("Simulated prices"), BLUE]];
    if (compared) {
      sets.unshift(["present", _t("Present prices"), GREY]);
    }
    return sets.map(([name, label, shades]) => ({
      label,
      backgroundColor: color(...shades),
      data: rows.map((row) => row[name]),
      borderRadius: 2,
      maxBarThickness: 32,
    }));
  }

  format(amount) {
    return formatCurrency(amount, this.props.simulation.currency_id);
  }
}

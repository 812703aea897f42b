import {Component} from "@odoo/owl";
import {SimulationChart} from "./simulation_chart";
import {_t} from "@web/core/l10n/translation";
import {formatCurrency} from "@web/core/currency";
import {formatFloat, formatInteger} from "@web/views/fields/formatters";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** What the prices that were tried would have billed, beside the present ones. */
export class SimulationField extends Component {
  static template = "focalist_billing.SimulationField";
  static components = {SimulationChart};
  static props = {...standardFieldProps};

  get simulation() {
    return this.props.record.data[this.props.name];
  }

  get isStale() {
    return this.props.record.data.simulation_stale;
  }

  get tables() {
    const {charges, devices} = this.simulation;
    return [
      {name: "charges", title: _t("By charge"), rows: charges},
      {name: "devices", title: _t("Largest differences by device"), rows: devices},
    ];
  }

  pages(number) {
    return formatInteger(number);
  }

  amount(amount) {
    return typeof amount === "number"
      ? formatCurrency(amount, this.simulation.currency_id)
      : "";
  }

  signed(amount) {
    return amount > 0 ? `+${this.amount(amount)}` : this.amount(amount);
  }

  percent(number) {
    if (typeof number !== "number") {
      return "";
    }
    const text = formatFloat(number, {digits: [16, 1]});
    return `${number > 0 ? "+" : ""}${text} %`;
  }

  /** A client pays less: green; more: red. */
  color(difference) {
    if (!difference) {
      return "";
    }
    return difference < 0 ? "text-success" : "text-danger";
  }
}

registry.category("fields").add("focalist_simulation", {
  component: SimulationField,
  displayName: _t("Simulation of prices"),
  supportedTypes: ["json"],
});

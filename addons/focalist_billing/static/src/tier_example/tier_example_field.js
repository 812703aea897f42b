import {Component} from "@odoo/owl";
import {formatCurrency} from "@web/core/currency";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {formatFloat, formatInteger} from "@web/views/fields/formatters";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** What a month costs with the tiers as they stand on the form. */
export class TierExampleField extends Component {
  static template = "focalist_billing.TierExampleField";
  static props = {...standardFieldProps};

  get kinds() {
    return this.props.record.data[this.props.name] || [];
  }

  pages(number) {
    return formatInteger(number);
  }

  price(price) {
    return formatFloat(price, {digits: [16, 6], trailingZeros: false});
  }

  amount(amount) {
    return formatCurrency(amount, this.props.record.data.currency_id?.id);
  }
}

registry.category("fields").add("focalist_tier_example", {
  component: TierExampleField,
  displayName: _t("Example of tiers"),
  supportedTypes: ["json"],
});

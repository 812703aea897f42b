import {Component} from "@odoo/owl";
import {ConfirmationDialog} from "@web/core/confirmation_dialog/confirmation_dialog";
import {_t} from "@web/core/l10n/translation";
import {download} from "@web/core/network/download";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useService} from "@web/core/utils/hooks";

/**
 * What to do with prices that are tried: rate them, download that, or use them. The
 * record on the form is never saved.
 */
export class SimulationButtons extends Component {
  static template = "focalist_billing.SimulationButtons";
  static props = {...standardWidgetProps};

  setup() {
    this.action = useService("action");
    this.dialog = useService("dialog");
    this.orm = useService("orm");
    this.ui = useService("ui");
  }

  get record() {
    return this.props.record;
  }

  get client() {
    return this.record.data.simulated_client_id?.id || false;
  }

  get contract() {
    return this.record.data.contract_id?.id || false;
  }

  /** Rate the prices as they stand on the form. */
  async simulate() {
    this.ui.block();
    try {
      await this.record.update({simulate: this.record.data.simulate + 1});
    } finally {
      this.ui.unblock();
    }
  }

  /** The prices that the screen shows the bill of, rated again where they changed. */
  async prices() {
    await this.record.model._askChanges?.();
    if (this.record.data.simulation_stale || !this.record.data.simulation) {
      await this.simulate();
    }
    return this.record.data.simulation.values;
  }

  async download() {
    const prices = await this.prices();
    await download({
      url: "/focalist/simulation",
      data: {
        client_id: this.client || "",
        contract_id: this.contract || "",
        prices: JSON.stringify(prices),
      },
    });
  }

  async use() {
    const prices = await this.prices();
    const question = await this.orm.call("focalist.pricing", "simulation_question", [
      this.client,
      this.contract,
    ]);
    const use = async () =>
      this.action.doAction(
        await this.orm.call("focalist.pricing", "simulation_use", [
          this.client,
          this.contract,
          prices,
        ]),
      );
    if (!question) {
      return use();
    }
    this.dialog.add(ConfirmationDialog, {
      title: _t("Use these prices"),
      body: question,
      confirmLabel: _t("Use these prices"),
      confirm: use,
      cancel: () => {},
    });
  }
}

registry.category("view_widgets").add("focalist_simulation_buttons", {
  component: SimulationButtons,
});

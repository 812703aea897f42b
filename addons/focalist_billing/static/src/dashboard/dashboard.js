import {Component, onWillStart, useState} from "@odoo/owl";
import {Layout} from "@web/search/layout";
import {View} from "@web/views/view";
import {formatCurrency} from "@web/core/currency";
import {formatInteger} from "@web/views/fields/formatters";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useService} from "@web/core/utils/hooks";

/**
 * Where the money of this month is: see `focalist.statement.billing_dashboard`, which
 * answers in one call. Each number opens the list that it counts.
 */
export class BillingDashboard extends Component {
  static template = "focalist_billing.Dashboard";
  static components = {Layout, View};
  static props = {...standardActionServiceProps};

  setup() {
    this.orm = useService("orm");
    this.action = useService("action");
    this.display = {controlPanel: {}};
    this.state = useState({tiles: [], revenue: []});
    onWillStart(async () => {
      Object.assign(
        this.state,
        await this.orm.call("focalist.statement", "billing_dashboard", []),
      );
    });
  }

  number(value) {
    return formatInteger(value);
  }

  money(amount, currency) {
    return formatCurrency(amount, currency);
  }

  open(tile) {
    return this.action.doAction(tile.action);
  }

  /** Odoo's own graph, month by month: a column opens its rows. */
  graph(revenue) {
    return {
      type: "graph",
      resModel: "focalist.revenue",
      domain: revenue.domain,
      context: {graph_measure: "amount", graph_groupbys: ["month:month"]},
      display: {controlPanel: false},
    };
  }

  /** The months of what a table shows, or of one of its rows. */
  openRevenue(revenue, table, row) {
    return this.action.doAction({
      type: "ir.actions.act_window",
      name: row ? row.name : table.title,
      res_model: "focalist.revenue",
      views: [
        [false, "pivot"],
        [false, "graph"],
        [false, "list"],
      ],
      domain: row ? [...revenue.domain, [table.field, "=", row.id]] : revenue.domain,
      context: {
        pivot_measures: ["amount"],
        pivot_row_groupby: [table.field],
        pivot_column_groupby: ["month:month"],
        graph_groupbys: ["month:month"],
      },
    });
  }

  openRun() {
    return this.action.doAction("focalist_billing.focalist_billing_run_action");
  }
}

registry.category("actions").add("focalist_billing_dashboard", BillingDashboard);

import {ROWS, listOptions} from "./list_options";
import {Component} from "@odoo/owl";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {STATIC_ACTIONS_GROUP_NUMBER} from "@web/search/action_menus/action_menus";
import {registry} from "@web/core/registry";

/** "Display options" of a list: how many rows a page has, for this user. */
export class RowsMenu extends Component {
  static template = "focalist_base.RowsMenu";
  static components = {Dropdown, DropdownItem};
  static props = {};

  get choices() {
    return ROWS;
  }

  get rows() {
    return this.env.model.root.limit;
  }

  async choose(rows) {
    const {root} = this.env.model;
    await listOptions.set(root.resModel, {rows});
    await root.load({limit: rows, offset: 0});
  }
}

registry.category("cogMenu").add(
  "focalist-rows-menu",
  {
    Component: RowsMenu,
    groupNumber: STATIC_ACTIONS_GROUP_NUMBER,
    isDisplayed: ({config, model}) =>
      config.viewType === "list" &&
      !model.root.isGrouped &&
      listOptions.isOurs(model.root.resModel, model.root.context),
  },
  {sequence: 20},
);

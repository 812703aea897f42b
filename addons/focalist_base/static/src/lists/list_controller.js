import {ListController} from "@web/views/list/list_controller";
import {listOptions} from "./list_options";
import {onWillRender, toRaw} from "@odoo/owl";
import {patch} from "@web/core/utils/patch";

/** Lists of ours open with the rows per page that the user chose. */
patch(ListController.prototype, {
  setup() {
    // Owl runs what is registered last first: core's pager stands when this runs.
    onWillRender(() => this.rememberRows());
    super.setup();
  },

  rememberRows() {
    // Raw: a reactive one, read and written while rendering, renders without end.
    const pager = toRaw(this.env.config.pagerProps);
    const {limit: before, onUpdate} = pager;
    if (
      !onUpdate ||
      this.model.root.isGrouped ||
      !listOptions.isOurs(this.props.resModel, this.props.context)
    ) {
      return;
    }
    pager.onUpdate = async (update, hasNavigated) => {
      // "5" in the pager goes to the fifth record: nobody wants one row a page.
      if (update.limit !== before && update.limit > 1) {
        await listOptions.set(this.props.resModel, {rows: update.limit});
      }
      return onUpdate(update, hasNavigated);
    };
  },

  get modelParams() {
    const params = super.modelParams;
    if (listOptions.isOurs(this.props.resModel, this.props.context)) {
      const {rows} = listOptions.get(this.props.resModel);
      params.limit = rows || params.limit;
    }
    return params;
  },
});

import {ListRenderer} from "@web/views/list/list_renderer";
import {listOptions} from "./list_options";
import {patch} from "@web/core/utils/patch";

/** Lists of ours show the optional columns that the user chose, in any browser. */
patch(ListRenderer.prototype, {
  get focalistListKey() {
    const {list, nestedKeyOptionalFieldsData: nested} = this.props;
    if (nested) {
      return listOptions.isOurs(list.resModel, {}) && `${nested.model}.${nested.field}`;
    }
    return listOptions.isOurs(list.resModel, list.context) && list.resModel;
  },

  computeOptionalActiveFields() {
    const shown = super.computeOptionalActiveFields();
    const {columns} = this.focalistListKey ? listOptions.get(this.focalistListKey) : {};
    for (const name of Object.keys(shown)) {
      shown[name] = columns?.[name] ?? shown[name];
    }
    return shown;
  },

  saveOptionalActiveFields() {
    super.saveOptionalActiveFields(...arguments);
    if (this.focalistListKey) {
      listOptions.set(this.focalistListKey, {columns: {...this.optionalActiveFields}});
    }
  },
});

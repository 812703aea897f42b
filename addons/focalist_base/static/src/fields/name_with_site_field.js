import {CharField, charField} from "@web/views/fields/char/char_field";
import {registry} from "@web/core/registry";

/** A client's name with its main site under it. */
export class NameWithSiteField extends CharField {
  static template = "focalist_base.NameWithSiteField";

  get site() {
    return this.props.record.data.focalist_main_site_id?.display_name;
  }
}

registry.category("fields").add("focalist_name_with_site", {
  ...charField,
  component: NameWithSiteField,
  fieldDependencies: [
    {name: "focalist_main_site_id", type: "many2one", relation: "focalist.site"},
  ],
});

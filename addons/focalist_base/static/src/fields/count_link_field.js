import {IntegerField, integerField} from "@web/views/fields/integer/integer_field";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

/** A number of records, as a link to them: option `action` names the method to call. */
export class CountLinkField extends IntegerField {
  static template = "focalist_base.CountLinkField";
  static props = {...IntegerField.props, action: String};

  setup() {
    super.setup();
    this.actionService = useService("action");
  }

  open() {
    const {record} = this.props;
    return this.actionService.doActionButton({
      type: "object",
      name: this.props.action,
      resModel: record.resModel,
      resId: record.resId,
      context: record.context,
    });
  }
}

registry.category("fields").add("focalist_count_link", {
  ...integerField,
  component: CountLinkField,
  extractProps: (info) => ({
    ...integerField.extractProps(info),
    action: info.options.action,
  }),
});

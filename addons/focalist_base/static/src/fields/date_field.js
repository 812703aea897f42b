import {DateTimeField, dateField} from "@web/views/fields/datetime/datetime_field";
import {useEffect} from "@odoo/owl";
import {registry} from "@web/core/registry";

/**
 * A date that shows what was typed, also where the form's title follows it.
 *
 * Odoo's own goes back to the date before as it closes, and where the answer to a
 * change comes late, it stays there: the record has the new date, the screen the old.
 */
export class FocalistDateField extends DateTimeField {
  setup() {
    super.setup();
    useEffect(
      () => {
        if (!this.picker.activeInput) {
          this.state.value = this.getRecordValue();
        }
      },
      () => [this.getRecordValue()?.toISODate?.(), this.picker.activeInput],
    );
  }
}

registry.category("fields").add("focalist_date", {
  ...dateField,
  component: FocalistDateField,
});

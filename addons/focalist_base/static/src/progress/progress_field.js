import {Component, useEffect} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const OPEN = ["waiting", "taken", "running"];
const REFRESH_EVERY = 2500; // milliseconds

/**
 * What came of a piece of work; while it is not over, how far it is, read anew. Polling,
 * as a page that shows one has few open ones, and nothing has to be set up for it.
 */
export class ProgressField extends Component {
  static template = "focalist_base.ProgressField";
  static props = {
    ...standardFieldProps,
    stateField: {type: String},
    progressField: {type: String},
    openStates: {type: Array, element: String},
  };

  setup() {
    useEffect(
      (isOpen) => {
        if (isOpen) {
          const timer = setInterval(() => this.refresh(), REFRESH_EVERY);
          return () => clearInterval(timer);
        }
      },
      () => [this.isOpen],
    );
  }

  get state() {
    return this.props.record.data[this.props.stateField];
  }

  get isOpen() {
    return this.props.openStates.includes(this.state);
  }

  get percent() {
    return Math.round(this.props.record.data[this.props.progressField]);
  }

  get label() {
    if (this.percent) {
      return `${this.percent} %`;
    }
    const {selection} = this.props.record.fields[this.props.stateField];
    return Object.fromEntries(selection)[this.state];
  }

  get result() {
    return this.props.record.data[this.props.name] || "";
  }

  async refresh() {
    const {record} = this.props;
    // What somebody types, or looks away from, stays as it is. A form is always open
    // for typing; a row of a list is while somebody is in it.
    const isTyping = record.isInEdition && record !== record.model.root;
    if (!document.hidden && !record.dirty && !isTyping) {
      await record.load();
    }
  }
}

registry.category("fields").add("focalist_progress", {
  component: ProgressField,
  supportedTypes: ["char"],
  extractProps: ({options}) => ({
    stateField: options.state_field || "state",
    progressField: options.progress_field || "progress",
    openStates: options.open_states || OPEN,
  }),
});

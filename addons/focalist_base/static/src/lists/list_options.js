import {user} from "@web/core/user";

/** How many rows a page may have, in the menu; the pager takes any number. */
export const ROWS = [20, 40, 80, 200, 500];

/**
 * How a user likes Focalist's lists: rows per page and optional columns. They are kept
 * with the user (`res.users.settings`), so that they are found again in any browser.
 */
export const listOptions = {
  /** Whether a list is one of Focalist's: of its own models, or that of clients. */
  isOurs(resModel, context) {
    return (
      resModel.startsWith("focalist.") ||
      (resModel === "res.partner" && Boolean(context.default_is_focalist_client))
    );
  },

  get(key) {
    return user.settings.focalist_lists?.[key] || {};
  },

  set(key, options) {
    const lists = user.settings.focalist_lists || {};
    return user.setUserSettings("focalist_lists", {
      ...lists,
      [key]: {...lists[key], ...options},
    });
  },
};

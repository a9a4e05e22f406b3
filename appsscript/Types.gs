/**
 * The shapes that cross between the sidebar, this script and the service. Only comments: nothing runs here.
 *
 * @typedef {Object} Selection The rows that are selected in the active tab.
 * @property {string[]} account_ids User IDs of the selected rows that are not hidden, each once.
 * @property {number[]} rows Row numbers of those, from 2.
 * @property {number} hidden Selected rows that a filter or a hand hides; they are left out.
 * @property {number} too_many Selected rows where they are more than SELECTION_MAX; then nothing is listed. Else 0.
 *
 * @typedef {Object} SidebarContext What is known without asking the service.
 * @property {string} connection The connection's name; empty before the first setting.
 * @property {string} service_url The service's address without a slash at its end; empty before the first setting.
 * @property {string} console_url The service's pages for people; empty before the first setting.
 * @property {string} spreadsheet_id
 * @property {string} spreadsheet_name
 * @property {string} tab Title of the active tab.
 * @property {Selection} selection
 * @property {string} client_id The script's client id (`aud`), for `auth.google_audiences` of the service; empty if unknown.
 * @property {string} email Whom Google takes the person for in this execution; empty if unknown.
 * @property {string} version The add-on's version.
 *
 * @typedef {Object} CsvFile A file to import.
 * @property {string} name Its name.
 * @property {string} text Its content.
 * @property {Object<string, string>} [map] CSV header → field (`user_id`, `amount` …).
 * @property {string} [label] The reference of every line without one.
 * @property {string} [decimal] `point` or `comma`: which separator is the decimal one.
 * @property {boolean} [again] Also lines that were sent before from another file.
 * @property {boolean} [plan] Make a plan of the lines in file order, without the tab.
 * @property {boolean} [dry_run] Only say what would become of the lines.
 *
 * @typedef {Object} ServiceRequest One request to the service.
 * @property {string} method `GET`, `POST` or `DELETE`.
 * @property {string} path Below `/api/v1/`; its parts percent-encoded where needed; no query.
 * @property {Object<string, *>} [query] Values that are null or undefined are left out.
 * @property {*} [body] JSON.
 * @property {string} [key] `Idempotency-Key` of a POST: the same one for a repeat. Without one a new one is made.
 * @property {CsvFile} [file] Instead of a body: a CSV to import.
 *
 * @typedef {Object} ServiceError
 * @property {string} code
 * @property {string} message What is wrong.
 * @property {string} hint What to do.
 * @property {Object<string, *>} details
 *
 * @typedef {Object} Done The service did it (2xx).
 * @property {true} ok
 * @property {undefined} [kind]
 * @property {number} status HTTP status.
 * @property {*} body The reply: JSON; of a file, `{name, text}`.
 * @property {string} request_id The request's id in the service's log.
 * @property {string} [key] Of a POST: the `Idempotency-Key` that was sent.
 *
 * @typedef {Object} Failed
 * @property {false} ok
 * @property {'refused'|'unreachable'|'timeout'|'not_set_up'} kind `refused`: the service said no, and nothing was done.
 *     `unreachable`: no answer of the service came. `timeout`: it took too long. After both it may or may not have been done:
 *     repeat with the same key. `not_set_up`: nothing was asked.
 * @property {number} status HTTP status; 0 if there was none.
 * @property {ServiceError} error
 * @property {string} request_id Empty if nothing was asked.
 * @property {string} [key]
 *
 * @typedef {Done|Failed} ServiceReply How a request ended.
 *
 * @typedef {Object} Memory What a person's sidebar keeps for one spreadsheet. The menu writes `run` and `plan`, too.
 * @property {{run: string, kind: string}|null} [run] The run that is being watched.
 * @property {{digest: string, expires_at: string}|null} [plan] The plan that was shown last.
 * @property {Object|null} [asked] A request whose answer has not come yet, with its key: to be asked again.
 * @property {string|null} [view] What the sidebar shows first when it opens: `import`. It forgets it then.
 */

/**
 * What the menu's own functions pass on.
 *
 * @typedef {Object} Run Of the service; see docs/api.md.
 * @property {string} run Its id.
 * @property {string} kind `pull`, `preview`, `push`, `verify`, `import` …
 * @property {string} state
 * @property {number} done
 * @property {number|null} total
 * @property {string} started_at
 * @property {string|null} ended_at
 * @property {string} actor
 * @property {Object<string, number>} [counts]
 * @property {any} [result]
 *
 * @typedef {Object} Plan Of the service.
 * @property {string} digest
 * @property {string} connection
 * @property {string} environment `live` or `test`.
 * @property {string} expires_at
 * @property {Object<string, {added: string, removed: string, net: string}>} totals Unit → amounts.
 * @property {Array<PlanRow>} rows
 * @property {number} [hidden]
 * @property {string[]} over_limits
 * @property {Charge[]} [charges] What a push would charge customers.
 *
 * @typedef {Object} Charge
 * @property {string} account_id
 * @property {string} operation
 * @property {string} charge Such as `19.99 EUR`.
 *
 * @typedef {Object} PlanRow
 * @property {number|null} row Its number in the tab.
 * @property {string} account_id
 * @property {string|null} action
 * @property {string} status
 * @property {string} message
 *
 * @typedef {Object} Question What a person is asked before something is done.
 * @property {string} title
 * @property {string[]} lines
 * @property {string} verb What the button says, such as `Push 41 changes`.
 * @property {string} act A name in ACTS.
 * @property {Object<string, *>} given To the act.
 */

from odoo import models
from odoo.exceptions import LockError, UserError


class FocalistBillingRunContract(models.Model):
    """Last step: the invoices of each row, as its run says.

    All in one transaction: what there is of a row's invoices when it ends, is told in
    the row. One that fails holds up no other.
    """

    _name = "focalist.billing.run.contract"
    _inherit = ["focalist.billing.run.contract"]

    def _invoice(self):
        """Make the invoices, post them and have them sent, as far as the run says."""
        run = self.run_id
        problems = self._found_since()
        left = self.filtered(lambda row: row not in problems)
        problems |= left._try_each(lambda rows: rows._drafts()._create_invoices())
        if run.invoicing in ("post", "send"):
            left = self.filtered(lambda row: row not in problems)
            problems |= left._try_each(lambda rows: rows._post_invoices())
        if run.invoicing == "send":
            left = self.filtered(lambda row: row not in problems)
            problems |= left._without_address()
            left = self.filtered(lambda row: row not in problems)
            problems |= left._try_each(lambda rows: rows._send_invoices())
        for row in self:
            message = problems.get(row)
            if not message and not row.statement_ids.move_id:
                message = self.env._("Nothing to invoice: no page, or no price.")
            row.sudo().write(
                {"state": "problem" if row in problems else "done", "message": message}
            )

    def _found_since(self):
        """Rows with what nobody could accept at their review: dict row -> message.

        Readings, currencies and settings may have changed, and no statement with them.
        """
        self._drafts()._detect_anomalies()
        return {
            row: self.env._(
                "Something unusual was found since its review: accept it or put it"
                " right, and make the invoice then."
            )
            for row in self - self._without_blocking()
        }

    def _try_each(self, method):
        """Do something with all rows at once; if that fails, with each alone.

        :param method: callable(rows)
        :return: dict row -> why it failed there
        """
        try:
            with self.env.cr.savepoint():
                method(self)
                return {}
        except LockError:
            raise
        except UserError as error:
            if len(self) == 1:
                return {self: str(error)}
        problems = {}
        for row in self:
            problems |= row._try_each(method)
        return problems

    def _drafts(self):
        return self.statement_ids.filtered(lambda statement: statement.state == "draft")

    def _moves_in(self, state):
        return self.statement_ids.move_id.filtered(lambda move: move.state == state)

    def _post_invoices(self):
        moves = self._moves_in("draft")
        day = self.run_id.invoice_date
        if day:
            moves.invoice_date = day
        if moves:
            moves.action_post()

    def _without_address(self):
        """Rows whose invoices would go by mail to nobody: dict row -> why that is."""
        sender = self.env["account.move.send"]
        return {
            row: self.env._(
                "Posted, and not sent: %(payer)s has no e-mail address.",
                payer=", ".join(mute.partner_id.mapped("display_name")),
            )
            for row in self
            if (
                mute := row._to_send().filtered(
                    lambda move: (
                        not move.partner_id.email
                        and "email" in sender._get_default_sending_methods(move)
                    )
                )
            )
        }

    def _to_send(self):
        return self._moves_in("posted").filtered(
            lambda move: not move.is_move_sent and not move.is_being_sent
        )

    def _send_invoices(self):
        """Hand the invoices to Odoo's own job, as its list of invoices does.

        Not by that list's wizard, which fails on a single invoice.
        """
        job = self.env.ref("account.ir_cron_account_move_send").sudo()
        if not job.active:
            raise UserError(
                self.env._(
                    "Posted, and not sent: the scheduled action %(action)s is switched"
                    " off. Ask an administrator to switch it on.",
                    action=job.name,
                )
            )
        self._to_send().sending_data = {
            "author_user_id": self.env.user.id,
            "author_partner_id": self.env.user.partner_id.id,
        }
        job._trigger()

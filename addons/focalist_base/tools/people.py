"""Who of the dealer's people gets something to do."""


def of_group(env, group, company):
    """The active people of a group that work for a company.

    :param str group: external id of a res.groups record
    :return: res.users records
    """
    return env.ref(group).all_user_ids.filtered(
        lambda user: user.active and not user.share and company in user.company_ids
    )


def least_busy(people, model):
    """The one with the fewest activities on a model's records.

    One who is a manager, too, is asked where there is nobody else.

    :param people: res.users records
    :return: a res.users record, or none of none
    """
    busy = dict(
        people.env["mail.activity"]._read_group(
            [("res_model", "=", model), ("user_id", "in", people.ids)],
            ["user_id"],
            ["__count"],
        )
    )
    return people.sorted(
        lambda user: (
            user.has_group("focalist_base.group_focalist_manager"),
            busy.get(user, 0),
            user.id,
        )
    )[:1]

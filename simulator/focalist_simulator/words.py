"""The words that printers say, in English and in French."""

COLORS = {
    "en": {name: name for name in ("black", "cyan", "magenta", "yellow")},
    "fr": {
        "black": "noir",
        "cyan": "cyan",
        "magenta": "magenta",
        "yellow": "jaune",
    },
}

# Kind of supply -> its name, with {color} where it has one.
SUPPLIES = {
    "en": {
        "toner": "{Color} Toner",
        "drum": "{Color} Drum",
        "waste_toner": "Waste Toner Box",
        "fuser": "Fuser",
        "transfer": "Transfer Belt",
        "maintenance_kit": "Maintenance Kit",
    },
    "fr": {
        "toner": "Toner {color}",
        "drum": "Tambour {color}",
        "waste_toner": "Récupérateur de toner usagé",
        "fuser": "Unité de fixation",
        "transfer": "Courroie de transfert",
        "maintenance_kit": "Kit d'entretien",
    },
}

STATES = {
    "en": {"ready": "Ready", "printing": "Printing", "asleep": "Sleep mode"},
    "fr": {
        "ready": "Prêt",
        "printing": "Impression en cours",
        "asleep": "Mode veille prolongée",
    },
}

ALERTS = {
    "en": {
        "low": "{supply} low",
        "empty": "Replace {supply}",
        "almost_full": "{supply} almost full",
        "full": "{supply} full",
        "worn": "{supply} near end of life",
        "worn_out": "{supply} at end of life",
        "paper_low": "Tray {place} low",
        "paper": "Load tray {place}",
        "cover": "Cover open",
        "jam": "Paper jam",
        "asleep": "Power saver",
    },
    "fr": {
        "low": "{supply} presque épuisé",
        "empty": "Remplacez : {supply}",
        "almost_full": "{supply} presque plein",
        "full": "{supply} plein",
        "worn": "{supply} en fin de vie",
        "worn_out": "{supply} à remplacer",
        "paper_low": "Bac {place} presque vide",
        "paper": "Chargez le bac {place} : format {media}",
        "cover": "Capot ouvert : vérifiez le côté gauche",
        "jam": "Bourrage papier : dégagez l'unité recto verso",
        "asleep": "Économie d'énergie",
    },
}

FLOORS = {
    "en": ("Ground floor", "1st floor", "2nd floor", "Reception", "Copy room"),
    "fr": ("Rez-de-chaussée", "1er étage", "2e étage", "Accueil", "Local reprographie"),
}

TRAYS = {"en": "Tray {place}", "fr": "Bac {place}"}


def supply(kind: str, color: str | None, locale: str) -> str:
    """The usual name of a supply, e.g. "Cyan Toner" or "Toner cyan"."""
    word = COLORS[locale][color] if color else ""
    name = SUPPLIES[locale][kind].format(color=word, Color=word.capitalize())
    return " ".join(name.split())

#!/bin/sh
# Install focalist-agent on Debian or Ubuntu as a service, or bring it up to date.
#
# Odoo serves this file: the dialog of an agent's key shows the one line that fetches and
# runs it. It can be run again at any time: what is there stays, what is old is replaced.
# Nothing of it runs before it is here whole: see its last line.
set -eu

# SHA-256 of what is fetched, written here by Odoo. Empty in the folder that this file
# comes in: then that folder is installed.
archive_sha256=""

usage() {
    cat <<'EOF'
Usage: sudo sh install.sh --server URL --database NAME [OPTION]...

  --server URL      Odoo's address, e.g. https://odoo.example.com
  --database NAME   the name of its database
  --key-file FILE   holds the installation key; or FOCALIST_KEY does. Without either it
                    is asked for on the terminal
  --same-agent      the key is of the agent whose reports wait here to be sent
  --ca FILE         certificates (PEM) to trust instead of the system's
  --usb             for printers at this computer's own USB: installs ipp-usb, too
  --root DIR        install below DIR, for images and packages: nothing is started, and
                    without a key given nothing is enrolled

From the environment: what pip knows (PIP_INDEX_URL, https_proxy, ...), and
FOCALIST_PYTHON, the Python to take instead of /usr/bin/python3.
EOF
}

say() {
    printf '%s\n' "$*"
}

fail() {
    printf 'focalist-agent: %s\n' "$*" >&2
    exit 1
}

read_options() {
    server="" database="" key_file="" ca="" root="" usb="" same_agent=""
    while [ $# -gt 0 ]; do
        option=$1
        shift
        case $option in
            --server | --database | --key-file | --ca | --root)
                [ -n "${1:-}" ] || fail "$option wants a value."
                case $option in
                    --server) server=${1%/} ;;
                    --database) database=$1 ;;
                    --key-file) key_file=$1 ;;
                    --ca) ca=$1 ;;
                    --root) root=$1 ;;
                esac
                shift
                ;;
            --same-agent) same_agent=--same-agent ;;
            --usb) usb=1 ;;
            -h | --help)
                usage
                exit 0
                ;;
            *) fail "there is no option $option; --help shows them." ;;
        esac
    done
    case $server in
        http://?* | https://?*) ;;
        *) fail "--server wants Odoo's address, e.g. https://odoo.example.com" ;;
    esac
    [ -n "$database" ] || fail "--database wants the name of Odoo's database."
    [ -z "$ca" ] || [ -r "$ca" ] || fail "$ca cannot be read."
    if [ -n "$root" ]; then
        mkdir -p "$root"
        root=$(cd "$root" && pwd)
        root=${root%/}
    fi
    prefix=$root/opt/focalist-agent
    settings=$root/etc/focalist-agent
    state=$root/var/lib/focalist-agent
    python=${FOCALIST_PYTHON:-/usr/bin/python3}
}

is_root() {
    [ "$(id -u)" = 0 ]
}

check_machine() {
    # Below another root, whoever is not root owns everything.
    is_root || [ -n "$root" ] || fail "it has to be run as root, or with sudo."
    release=$root/etc/os-release
    [ -r "$release" ] || release=/etc/os-release
    sed -n 's/^ID\(_LIKE\)\{0,1\}=//p' "$release" 2>/dev/null | tr '"' ' ' |
        grep -qwE 'debian|ubuntu' ||
        fail "this is neither Debian nor Ubuntu. Install it by hand, as the" \
            "documentation of agents says."
    [ ! -x "$python" ] || check_python
}

check_python() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        fail "it needs Python 3.10 or newer (Debian 12, Ubuntu 22.04); $python is" \
            "$("$python" --version 2>&1)."
}

has_terminal() {
    (: </dev/tty) 2>/dev/null
}

# Before anything is installed, so that nobody waits in vain.
check_ways() {
    key=${FOCALIST_KEY:-}
    unset FOCALIST_KEY
    if [ -n "$key_file" ]; then
        [ -r "$key_file" ] || fail "$key_file cannot be read."
        key=$(cat "$key_file")
        [ -n "$key" ] || fail "$key_file is empty."
    fi
    [ -n "$key$root" ] || [ -e "$state/credentials.json" ] || has_terminal ||
        fail "there is no terminal to ask for the key. Write the key into a file that" \
            "others cannot read, and add --key-file FILE."
    [ -n "$root" ] || [ -d /run/systemd/system ] ||
        fail "systemd does not run here, and the agent would not either."
}

install_packages() {
    wanted=""
    [ -x "$python" ] && "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        wanted="python3 python3-venv"
    # Only that makes driverless printers answer on the computer itself.
    [ -z "$usb" ] || wanted="$wanted ipp-usb"
    if [ -n "$wanted" ]; then
        say "Installing $wanted ..."
        # shellcheck disable=SC2086
        {
            apt-get -qq update
            DEBIAN_FRONTEND=noninteractive apt-get -qq -y install $wanted
        } </dev/null >"$work/apt.log" 2>&1 || {
            cat "$work/apt.log" >&2
            fail "apt-get could not install $wanted."
        }
    fi
    check_python
    "$python" -c 'import ensurepip, venv' ||
        fail "$python cannot make environments: python3-venv is missing."
}

fetch() {
    source=$work/focalist-agent
    if [ -z "$archive_sha256" ]; then
        here=$(dirname "$0")/..
        [ -f "$here/packaging/agent.toml" ] ||
            fail "the agent's folder is not there: fetch this file from Odoo."
        # pip leaves traces in what it builds.
        mkdir "$source"
        cp -R "$here/pyproject.toml" "$here/README.md" "$here/focalist_agent" \
            "$here/packaging" "$source"
        return
    fi
    say "Fetching focalist-agent from $server ..."
    "$python" - "$server" "$database" "$ca" "$work/archive" <<'EOF' ||
import http.client
import ssl
import sys
import urllib.request

server, database, authority, path = sys.argv[1:]
request = urllib.request.Request(
    f"{server}/focalist/install/focalist-agent.tar.gz",
    headers={"X-Odoo-Database": database},
)
try:
    trust = ssl.create_default_context(cafile=authority or None)
    with urllib.request.urlopen(request, timeout=60, context=trust) as answer:
        data = answer.read(1 << 24)
except (OSError, ValueError, http.client.HTTPException) as error:
    sys.exit(f"{request.full_url}: {error}")
with open(path, "wb") as file:
    file.write(data)
EOF
        fail "it could not be fetched."
    printf '%s  %s\n' "$archive_sha256" "$work/archive" | sha256sum -c --status - ||
        fail "what came is not what this script was made for. If the server was just" \
            "updated, run the same command again."
    tar -xzf "$work/archive" -C "$work" --no-same-owner
}

install_program() {
    say "Installing it in /opt/focalist-agent ..."
    if ! "$prefix/bin/python" -c 'import pip' 2>/dev/null; then
        # Not there yet, cut short, or of a Python that the system has replaced.
        clear=""
        [ ! -e "$prefix/pyvenv.cfg" ] || clear=--clear
        mkdir -p "$root/opt"
        "$python" -m venv $clear "$prefix" </dev/null
    fi
    if ! use_pip "${source}[fast]"; then
        say "Without the fast SNMP library, which this machine cannot have: reading" \
            "takes more processor time."
        use_pip "$source" || {
            cat "$work/pip.log" >&2
            fail "pip could not install it. It fetches Python packages: this machine" \
                "has to reach the package index of pip, if need be through https_proxy."
        }
    fi
}

use_pip() {
    "$prefix/bin/python" -m pip install --quiet --no-input \
        --disable-pip-version-check "$1" </dev/null >"$work/pip.log" 2>&1
}

install_service() {
    from=$source/packaging
    install -D -m 644 "$from/focalist-agent.sysusers" \
        "$root/etc/sysusers.d/focalist-agent.conf"
    install -D -m 644 "$from/focalist-agent.service" \
        "$root/etc/systemd/system/focalist-agent.service"
    uid="" gid=""
    if is_root; then
        systemd-sysusers ${root:+"--root=$root"} focalist-agent.conf
        read_ids
    fi
    if [ -n "$ca" ]; then
        install -D -m 644 "$ca" "$settings/ca.pem"
        # Looked at where no agent.toml is yet, or one that does not name it.
        sed 's|^#\(ca_file = "/etc/focalist-agent/ca.pem"\)$|\1|' "$from/agent.toml" \
            >"$work/agent.toml"
    else
        cp "$from/agent.toml" "$work/agent.toml"
    fi
    if [ ! -e "$settings/agent.toml" ]; then
        install -D -m 640 "$work/agent.toml" "$settings/agent.toml"
        give 0 "$settings/agent.toml"
    elif [ -n "$ca" ] && ! grep -q '^ *ca_file' "$settings/agent.toml"; then
        fail "your agent.toml does not name the certificates: write ca_file =" \
            "\"/etc/focalist-agent/ca.pem\" into its [server], and run this again."
    fi
    mkdir -p "$root/var/lib"
    [ -d "$state" ] || mkdir -m 700 "$state"
    give "$uid" "$state"
}

# By number: below another root, the names are in that one's list alone.
read_ids() {
    if [ -n "$root" ]; then
        entry=$(grep '^focalist-agent:' "$root/etc/passwd")
    else
        entry=$(getent passwd focalist-agent)
    fi
    uid=$(printf '%s\n' "$entry" | cut -d: -f3)
    gid=$(printf '%s\n' "$entry" | cut -d: -f4)
}

# Something of a user's, and of the service's group.
give() {
    ! is_root || chown "$1:$gid" "$2"
}

as_service() {
    if is_root; then
        set -- setpriv "--reuid=$uid" "--regid=$gid" --clear-groups --no-new-privs "$@"
    fi
    (cd / && HOME=$state exec "$@" </dev/null)
}

enroll() {
    enrolled=""
    [ ! -e "$state/credentials.json" ] || enrolled=1
    if [ -z "$key" ] && has_terminal; then
        ask_key
    fi
    if [ -z "$key" ]; then
        [ -z "$enrolled" ] || say "It stays enrolled as it was."
        [ -n "$enrolled$root" ] || fail "it has no key yet. Run the same command again."
        return 0
    fi
    export FOCALIST_KEY="$key"
    # shellcheck disable=SC2086
    as_service "$prefix/bin/python" -m focalist_agent \
        --config "$settings/agent.toml" --state-dir "$state" enroll \
        --server "$server" --database "$database" $same_agent || fail "it could not be enrolled. See above, then run the same" \
        "command again."
    unset FOCALIST_KEY
}

# Standard input is this script, where it comes through a pipe.
ask_key() {
    # First, or a key that is pasted quickly is shown.
    is_hidden=1
    stty -echo </dev/tty
    if [ -n "$enrolled$root" ]; then
        printf 'Installation key (only Enter: leave it as it is): ' >/dev/tty
    else
        printf 'Installation key, as Odoo shows it: ' >/dev/tty
    fi
    IFS= read -r key </dev/tty || key=""
    stty echo </dev/tty
    is_hidden=""
    printf '\n' >/dev/tty
}

start() {
    if [ -n "$root" ]; then
        systemctl --root="$root" --quiet enable focalist-agent.service
        # The environment's programs name the folder that they were made in.
        grep -rlIF "$prefix" "$prefix/bin" | while IFS= read -r file; do
            sed -i "s|$prefix|/opt/focalist-agent|g" "$file"
        done
        say "focalist-agent is installed below $root; it starts with that system."
        return
    fi
    systemctl daemon-reload
    systemctl --quiet enable focalist-agent
    systemctl restart focalist-agent
    sleep 3
    systemctl --quiet is-active focalist-agent ||
        fail "it does not stay up. journalctl -u focalist-agent tells why."
    say "focalist-agent runs. What it does: journalctl -u focalist-agent -f;" \
        "what keeps it from working: sudo /opt/focalist-agent/bin/focalist-agent" \
        "--state-dir /var/lib/focalist-agent doctor"
}

clean_up() {
    [ -z "$is_hidden" ] || stty echo </dev/tty
    rm -rf "$work"
}

main() {
    # Whatever the caller's is: the service has to read what root installs.
    umask 022
    read_options "$@"
    check_machine
    check_ways
    is_hidden=""
    work=$(mktemp -d)
    trap clean_up EXIT
    trap 'exit 130' HUP INT TERM
    install_packages
    fetch
    install_program
    install_service
    enroll
    start
}

main "$@"

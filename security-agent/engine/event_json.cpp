// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/event_json.h"

#include <arpa/inet.h>
#include <fcntl.h>

#include <cerrno>

#include "security-agent/engine/json_fields.h"
#include "security-agent/engine/names.h"
#include "security-agent/engine/process_json.h"

namespace vedette::engine {
namespace {

using boost::json::object;

void put_exec(object& alert, const v1::Exec& exec, const v1::ProcessNode& process) {
    alert["file"] = file_json(process.file());
    if (!exec.syscall().path().empty()) {
        object arguments;
        put_text(arguments, "path", exec.syscall().path());
        alert["syscall"] = object{{"exec", std::move(arguments)}};
    }
}

void put_exit(object& alert, const v1::Exit& exit, const v1::ProcessNode& process) {
    alert["file"] = file_json(process.file());
    alert["exit"] = object{{"cause", exit_cause_name(exit.cause())}, {"code", exit.code()}};
}

void put_open(object& alert, const v1::Open& open) {
    object file = file_json(open.file());
    put_list(file, "flags", open_flag_names(open.flags()));
    const bool creates = (open.flags() & O_CREAT) || (open.flags() & O_TMPFILE) == O_TMPFILE;
    if (creates)
        file["destination"] = object{{"mode", open.mode()}};
    alert["file"] = std::move(file);
    if (!open.has_syscall())
        return;
    object arguments;
    put_text(arguments, "path", open.syscall().path());
    arguments["flags"] = open.syscall().flags();
    arguments["mode"] = open.syscall().mode();
    alert["syscall"] = object{{"open", std::move(arguments)}};
}

std::string ip_text(std::string_view ip) {
    char text[INET6_ADDRSTRLEN] = "";
    if (ip.size() == 4)
        inet_ntop(AF_INET, ip.data(), text, sizeof(text));
    if (ip.size() == 16)
        inet_ntop(AF_INET6, ip.data(), text, sizeof(text));
    return text;
}

void put_connect(object& alert, const v1::Connect& connect) {
    const v1::Address& addr = connect.addr();
    object out;
    out["addr"] = object{{"family", address_family_name(addr.family())},
                         {"ip", ip_text(addr.ip())},
                         {"port", addr.port()}};
    out["protocol"] = l4_protocol_name(connect.protocol());
    alert["connect"] = std::move(out);
}

/// The ids that a set*id call brought, beside those that the process had.
void put_destination(object& alert, object destination) {
    alert["process"].as_object()["credentials"].as_object()["destination"] = std::move(destination);
}

void put_setuid(object& alert, const v1::SetUid& set) {
    object out;
    out["uid"] = set.uid();
    put_text(out, "user", set.user());
    out["euid"] = set.euid();
    put_text(out, "euser", set.euser());
    out["fsuid"] = set.fsuid();
    put_text(out, "fsuser", set.fsuser());
    put_destination(alert, std::move(out));
}

void put_setgid(object& alert, const v1::SetGid& set) {
    object out;
    out["gid"] = set.gid();
    put_text(out, "group", set.group());
    out["egid"] = set.egid();
    put_text(out, "egroup", set.egroup());
    out["fsgid"] = set.fsgid();
    put_text(out, "fsgroup", set.fsgroup());
    put_destination(alert, std::move(out));
}

int64_t return_value(const v1::Event& event) {
    switch (event.payload_case()) {
        case v1::Event::kOpen:
            return event.open().retval();
        case v1::Event::kConnect:
            return event.connect().retval();
        default:
            return 0;
    }
}

}  // namespace

void put_event(object& alert, const v1::Event& event, const v1::ProcessNode& process) {
    switch (event.payload_case()) {
        case v1::Event::kExec:
            return put_exec(alert, event.exec(), process);
        case v1::Event::kExit:
            return put_exit(alert, event.exit(), process);
        case v1::Event::kOpen:
            return put_open(alert, event.open());
        case v1::Event::kConnect:
            return put_connect(alert, event.connect());
        case v1::Event::kSetuid:
            return put_setuid(alert, event.setuid());
        case v1::Event::kSetgid:
            return put_setgid(alert, event.setgid());
        default:
            return;
    }
}

std::string_view outcome(const v1::Event& event) {
    const int64_t value = return_value(event);
    if (value >= 0 || value == -EINPROGRESS)
        return "Success";
    return value == -EACCES || value == -EPERM ? "Refused" : "Error";
}

}  // namespace vedette::engine

// SPDX-License-Identifier: Apache-2.0
//
// A subscriber to look at the probe with: prints what comes as one JSON object a line, or asks for its status.
//
//   stream_dump [--seconds N] [--events N] [--quiet] [--no-ack] [--instance ID --last-sequence N] SOCKET
//   stream_dump --status COMMAND_SOCKET
//
// --quiet: at the end one line with counts by type instead. Bytes are shown as \xNN where they are not printable.
#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <iostream>
#include <map>
#include <thread>

#include "common/log.h"
#include "vedette/v1/command.grpc.pb.h"
#include "vedette/v1/event_stream.grpc.pb.h"

namespace {

namespace json = boost::json;
namespace pb = google::protobuf;
using namespace vedette;

struct Options {
    std::string socket;
    bool status = false;
    bool quiet = false;
    bool no_ack = false;
    double seconds = 0;
    uint64_t events = 0;
    uint64_t instance = 0;
    uint64_t last_sequence = 0;
};

json::value to_json(const pb::Message& message);

json::value field_to_json(const pb::Message& message, const pb::FieldDescriptor& field, int index) {
    const auto& reflection = *message.GetReflection();
    const bool repeated = index >= 0;
    const auto get = [&](auto single, auto several) {
        return repeated ? (reflection.*several)(message, &field, index)
                        : (reflection.*single)(message, &field);
    };
    using R = pb::Reflection;
    switch (field.cpp_type()) {
        case pb::FieldDescriptor::CPPTYPE_INT32:
            return get(&R::GetInt32, &R::GetRepeatedInt32);
        case pb::FieldDescriptor::CPPTYPE_INT64:
            return get(&R::GetInt64, &R::GetRepeatedInt64);
        case pb::FieldDescriptor::CPPTYPE_UINT32:
            return get(&R::GetUInt32, &R::GetRepeatedUInt32);
        case pb::FieldDescriptor::CPPTYPE_UINT64:
            return get(&R::GetUInt64, &R::GetRepeatedUInt64);
        case pb::FieldDescriptor::CPPTYPE_DOUBLE:
            return get(&R::GetDouble, &R::GetRepeatedDouble);
        case pb::FieldDescriptor::CPPTYPE_FLOAT:
            return get(&R::GetFloat, &R::GetRepeatedFloat);
        case pb::FieldDescriptor::CPPTYPE_BOOL:
            return get(&R::GetBool, &R::GetRepeatedBool);
        case pb::FieldDescriptor::CPPTYPE_ENUM: {
            const auto* value = get(&R::GetEnum, &R::GetRepeatedEnum);
            return json::string(value->name());
        }
        case pb::FieldDescriptor::CPPTYPE_STRING:
            return json::string(printable(get(&R::GetString, &R::GetRepeatedString)));
        case pb::FieldDescriptor::CPPTYPE_MESSAGE:
            return to_json(repeated ? reflection.GetRepeatedMessage(message, &field, index)
                                    : reflection.GetMessage(message, &field));
    }
    return nullptr;
}

json::value to_json(const pb::Message& message) {
    std::vector<const pb::FieldDescriptor*> fields;
    const auto& reflection = *message.GetReflection();
    reflection.ListFields(message, &fields);
    json::object out;
    for (const auto* field : fields) {
        if (!field->is_repeated()) {
            out[field->name()] = field_to_json(message, *field, -1);
            continue;
        }
        json::array values;
        for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
            values.push_back(field_to_json(message, *field, i));
        }
        out[field->name()] = std::move(values);
    }
    return out;
}

/// What --quiet prints.
struct Summary {
    std::map<std::string, uint64_t> events;
    std::map<std::string, uint64_t> nodes;  ///< by source
    uint64_t gone = 0, lost = 0, batches = 0, bytes = 0, total = 0;
    uint64_t next_sequence = 0;
    uint64_t holes = 0;  ///< in the sequence numbers
    uint64_t unknown_keys = 0;

    void add(const v1::Batch& batch, std::map<uint64_t, bool>& known) {
        ++batches;
        bytes += batch.ByteSizeLong();
        for (const auto& loss : batch.lost())
            lost += loss.count();
        if (batch.events_size() > 0) {
            if (next_sequence != 0 && batch.first_sequence() != next_sequence)
                ++holes;
            next_sequence = batch.first_sequence() + static_cast<uint64_t>(batch.events_size());
        }
        int update = 0;
        const auto apply_until = [&](int event) {
            for (; update < batch.processes_size() &&
                   batch.processes(update).before_event() <= static_cast<uint32_t>(event);
                 ++update) {
                const auto& change = batch.processes(update);
                if (change.gone()) {
                    ++gone;
                    known.erase(change.node().key());
                } else {
                    ++nodes[v1::ProcessNode::Source_Name(change.node().source())];
                    known[change.node().key()] = true;
                }
            }
        };
        for (int i = 0; i < batch.events_size(); ++i) {
            apply_until(i);
            const auto& event = batch.events(i);
            ++total;
            const auto* field =
                v1::Event::descriptor()->FindFieldByNumber(static_cast<int>(event.payload_case()));
            ++events[field ? field->name() : "none"];
            if (event.process_key() != 0 && known.count(event.process_key()) == 0)
                ++unknown_keys;
        }
        apply_until(batch.events_size());
    }

    json::object to_json() const {
        return {{"events", json::value_from(events)},
                {"nodes", json::value_from(nodes)},
                {"gone", gone},
                {"lost", lost},
                {"batches", batches},
                {"bytes", bytes},
                {"holes", holes},
                {"unknown_keys", unknown_keys},
                {"next_sequence", next_sequence}};
    }
};

int print_status(const std::shared_ptr<grpc::Channel>& channel) {
    auto stub = v1::Command::NewStub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    v1::ProbeStatus status;
    const auto done = stub->GetStatus(&context, v1::GetStatusRequest(), &status);
    if (!done.ok()) {
        std::cerr << "stream_dump: " << done.error_message() << '\n';
        return 1;
    }
    std::cout << json::serialize(to_json(status)) << std::endl;
    return 0;
}

int dump(const std::shared_ptr<grpc::Channel>& channel, const Options& options) {
    auto stub = v1::EventStream::NewStub(channel);
    grpc::ClientContext context;
    auto stream = stub->Subscribe(&context);
    v1::SubscribeRequest hello;
    hello.mutable_hello()->set_agent_version("stream_dump");
    hello.mutable_hello()->set_instance_id(options.instance);
    hello.mutable_hello()->set_last_sequence(options.last_sequence);
    stream->Write(hello);

    std::jthread timer;
    if (options.seconds > 0) {
        timer = std::jthread([&](const std::stop_token& stop) {
            const auto end =
                std::chrono::steady_clock::now() + std::chrono::duration<double>(options.seconds);
            while (!stop.stop_requested() && std::chrono::steady_clock::now() < end) {
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
            if (!stop.stop_requested())
                context.TryCancel();
        });
    }
    Summary summary;
    std::map<uint64_t, bool> known;
    v1::SubscribeResponse response;
    bool enough = false;
    while (!enough && stream->Read(&response)) {
        if (!options.quiet || response.has_welcome()) {
            std::cout << json::serialize(to_json(response)) << std::endl;
        }
        if (!response.has_batch())
            continue;
        const auto& batch = response.batch();
        summary.add(batch, known);
        enough = options.events > 0 && summary.total >= options.events;
        if (options.no_ack || batch.events_size() == 0)
            continue;
        v1::SubscribeRequest ack;
        ack.mutable_ack()->set_sequence(summary.next_sequence - 1);
        stream->Write(ack);
    }
    if (enough)
        stream->WritesDone();
    if (enough)
        context.TryCancel();
    const auto status = stream->Finish();
    if (options.quiet)
        std::cout << json::serialize(summary.to_json()) << std::endl;
    if (status.ok() || status.error_code() == grpc::StatusCode::CANCELLED)
        return 0;
    std::cerr << "stream_dump: the call ended: " << status.error_message() << '\n';
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App cli("Prints what system-probe streams");
    cli.add_option("socket", options.socket)->required();
    cli.add_flag("--status", options.status, "Ask the command socket for the status");
    cli.add_flag("--quiet", options.quiet, "Only counts, at the end");
    cli.add_flag("--no-ack", options.no_ack, "Acknowledge nothing");
    cli.add_option("--seconds", options.seconds, "End after this long");
    cli.add_option("--events", options.events, "End after this many events");
    cli.add_option("--instance", options.instance, "Hello.instance_id");
    cli.add_option("--last-sequence", options.last_sequence, "Hello.last_sequence");
    CLI11_PARSE(cli, argc, argv);
    auto channel =
        grpc::CreateChannel("unix:" + options.socket, grpc::InsecureChannelCredentials());
    return options.status ? print_status(channel) : dump(channel, options);
}

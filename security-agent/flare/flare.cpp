// SPDX-License-Identifier: Apache-2.0
#include "security-agent/flare/flare.h"

#include <openssl/evp.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <ctime>

#include "common/config/paths.h"
#include "common/health.h"
#include "common/ipc/token.h"
#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/flare/items.h"
#include "security-agent/flare/scrub.h"
#include "security-agent/flare/zip.h"
#include "security-agent/status/status.h"
#include "security-agent/telemetry/server.h"

namespace vedette::flare {
namespace {

namespace json = boost::json;

std::string sha256(std::string_view content) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha256(), nullptr) !=
        1)
        return {};
    std::string hex;
    for (unsigned i = 0; i < size; ++i)
        hex += fmt::format("{:02x}", digest[i]);
    return hex;
}

std::string directory_of(const FlareOptions& options) {
    if (!options.directory.empty())
        return options.directory;
    const char* configured = std::getenv("TMPDIR");
    return configured && *configured ? configured : "/tmp";
}

std::string name_prefix() {
    const time_t now = time(nullptr);
    tm utc{};
    gmtime_r(&now, &utc);
    return fmt::format("vedette-flare-{:04}{:02}{:02}-{:02}{:02}{:02}-", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
}

/// One flare on its way: scrubs, bounds, hashes, writes.
class Assembly {
   public:
    Assembly(ZipWriter zip, const FlareOptions& options, std::string session_token,
             const std::vector<std::string>& additional_keys)
        : zip_(std::move(zip)),
          options_(options),
          session_token_(std::move(session_token)),
          scrubber_(additional_keys) {}

    Result<> add(const Item& item) {
        auto content = item.content();
        if (!content) {
            note(item.name, content.error().message);
            return {};
        }
        if (content->size() > options_.max_entry_bytes) {
            note(item.name, fmt::format("cut to its last {} bytes", options_.max_entry_bytes));
            content->erase(0, content->size() - options_.max_entry_bytes);
            content->erase(0, std::min(content->find('\n'), content->size()));
        }
        std::string clean = scrubber_.scrub(*content);
        // The session token has no name in a dump; its value is known here.
        if (!session_token_.empty())
            replace_all(clean, session_token_, "********");
        if (total_ + clean.size() > options_.max_bytes) {
            note(item.name, "left out: the flare would become too large");
            return {};
        }
        total_ += clean.size();
        entries_.push_back(
            json::object{{"name", item.name}, {"size", clean.size()}, {"sha256", sha256(clean)}});
        return zip_.add(item.name, clean);
    }

    Result<std::string> finish() {
        if (auto added = zip_.add("flare_creation.log", scrubber_.scrub(notes_)); !added)
            return forward_error(added);
        const json::object manifest{{"format", 1}, {"entries", std::move(entries_)}};
        if (auto added = zip_.add("manifest.json", json::serialize(manifest)); !added)
            return forward_error(added);
        return zip_.finish();
    }

   private:
    void note(const std::string& name, std::string_view what) {
        notes_ += fmt::format("{}: {}\n", name, printable(what));
    }

    ZipWriter zip_;
    const FlareOptions& options_;
    std::string session_token_;
    Scrubber scrubber_;
    std::string notes_;
    json::array entries_;
    uint64_t total_ = 0;
};

}  // namespace

FlareMaker::FlareMaker(const Settings& settings, FlareOptions options)
    : settings_(settings), options_(std::move(options)) {}

void FlareMaker::add(Item item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
}

Result<std::string> FlareMaker::make() {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock())
        return fail(ErrorCode::kUnavailable, "another flare is being made: wait for it");
    auto zip = ZipWriter::create(directory_of(options_), name_prefix());
    if (!zip)
        return forward_error(zip, "flare");
    const auto token = ipc::Token::load(auth_token_path(settings_));
    Assembly assembly(std::move(*zip), options_, token ? token->text() : std::string(),
                      settings_.list("scrubber.additional_keys"));
    auto items = items_;
    if (items.empty())
        items.push_back(
            {"local", [] { return Result<std::string>("The daemon was not asked.\n"); }});
    auto host = host_items(settings_, options_);
    items.insert(items.end(), host.begin(), host.end());
    size_t done = 0;
    for (const auto& item : items) {
        if (options_.progress)
            options_.progress(++done, items.size(), item.name);
        if (auto added = assembly.add(item); !added)
            return forward_error(added, "flare");
    }
    auto path = assembly.finish();
    if (!path)
        return forward_error(path, "flare");
    return path;
}

void add_daemon_items(FlareMaker& maker, const telemetry::Dependencies& dependencies) {
    const auto d = std::make_shared<const telemetry::Dependencies>(dependencies);
    const auto add = [&maker](const char* name, auto make) {
        maker.add({name, [make] { return Result<std::string>(make()); }});
    };
    // Who makes a flare is in no hurry, and often because something is slow.
    const auto collect = [d] { return d->status.collect(std::chrono::seconds(3)); };
    add("status.json", [collect] { return json::serialize(collect()); });
    add("status.txt", [collect] { return status::render_text(collect(), true); });
    add("health.json", [d] { return json::serialize(to_json(d->health.readiness())); });
    add("metrics.txt", [d] { return telemetry::metrics_text(*d); });
    add("expvar.json", [d] { return json::serialize(telemetry::expvar_document(*d)); });
}

}  // namespace vedette::flare

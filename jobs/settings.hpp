// What the parsers of job files share: records with marks, and how settings got their values.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/schema.hpp"
#include "jobs/registry.hpp"

namespace muster::jobs {

/// A record of parameters as it is read from a job file.
template <class Choice>
struct Marked : Choice {
  schema::Marks marks;
};

/// The parameters of a marked record; its marks stay.
template <class Choice>
void assign(Marked<Choice>& to, Choice const& from) {
  static_cast<Choice&>(to) = from;
}

/// Keys that the job leaves to muster, each with "auto: ...".
using AutoReasons = std::vector<std::pair<std::string, std::string>>;

/// "mid tier (12 GB)".
std::string tier_text(ResolveOptions const& options);

/// The name that the job file gives, else the file's; `kind` where neither can be shown.
std::string job_name(schema::Marks const& marks, std::string const& given, std::filesystem::path const& file, std::string_view kind);

/// Every setting of a resolved record, those of `reasons` with theirs.
void list_settings(schema::Table const& table, void const* record, AutoReasons const& reasons, std::vector<ResolvedSetting>& settings);

}  // namespace muster::jobs

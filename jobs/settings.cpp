#include "jobs/settings.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/text.hpp"

namespace muster::jobs {

std::string tier_text(ResolveOptions const& options) {
  return fmt::format("{} tier{}", topology::to_string(options.tier),
                     options.tier_reason.empty() ? "" : fmt::format(" ({})", options.tier_reason));
}

std::string job_name(schema::Marks const& marks, std::string const& given, std::filesystem::path const& file, std::string_view kind) {
  auto const name = marks.was_given("name") ? given : file.stem().string();
  return name.empty() || printable(name, 1000) != name ? std::string(kind) : name;
}

void list_settings(schema::Table const& table, void const* record, AutoReasons const& reasons, std::vector<ResolvedSetting>& settings) {
  std::vector<schema::Setting> listed;
  schema::list_settings(table, record, listed);
  for (auto& setting : listed) {
    auto const reason = std::ranges::find(reasons, setting.key, &AutoReasons::value_type::first);
    if (reason != reasons.end()) setting.source = reason->second;
    settings.push_back({std::move(setting.key), std::move(setting.value), std::move(setting.source)});
  }
}

}  // namespace muster::jobs

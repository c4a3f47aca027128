#include "jobs/registry.hpp"

#include <fmt/core.h>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/text.hpp"
#include "core/toml.hpp"
#include "jobs/price/parse.hpp"
#include "jobs/price/price_job.hpp"
#include "jobs/price/render.hpp"

namespace muster::jobs {
namespace {

ResolvedJob resolve_price(std::string_view text, std::filesystem::path const& file,
                          std::vector<std::string> const& overrides,
                          std::vector<ResolvedSetting>* settings) {
  price::ParseOptions options;
  options.overrides = overrides;
  auto const params = price::parse_params(text, file, options, settings);
  return {"price", params.name, price::render_params(params), params.seed};
}

std::unique_ptr<Job> make_price(ResolvedJob const& resolved) {
  return price::make_price_job(price::parse_resolved(resolved.text));
}

}  // namespace

std::vector<Kind> const& kinds() {
  static std::vector<Kind> const all{
      {"price", resolve_price, make_price, price::reference},
  };
  return all;
}

Kind const& find_kind(std::string_view name) {
  std::vector<std::string_view> names;
  for (auto const& kind : kinds()) {
    if (kind.name == name) return kind;
    names.push_back(kind.name);
  }
  throw_error(Exit::user, "kind = \"{}\" is unknown (the kind of job decides everything else); {}",
              printable(name), suggest(name, names));
}

ResolvedJob resolve_job(std::string_view text, std::filesystem::path const& file,
                        std::vector<std::string> const& overrides,
                        std::vector<ResolvedSetting>* settings) {
  std::string kind;
  {
    auto const document = TomlDocument::parse(text, file.string(), overrides);
    TomlView const value = document.root().find("kind");
    MUSTER_REQUIRE(
        value,
        "{}:1:1: kind: missing (the kind of job decides everything else); write kind = \"price\"",
        file.string());
    MUSTER_REQUIRE(value.kind() == TomlKind::text,
                   "{}: kind: {} is not a name (the kind of job); write kind = \"price\"",
                   to_text(value.place()), value.describe());
    kind = value.text();
    try {
      find_kind(kind);
    } catch (Error const& error) {
      throw_error(Exit::user, "{}: {}", to_text(value.place()), error.what());
    }
  }
  return find_kind(kind).resolve(text, file, overrides, settings);
}

}  // namespace muster::jobs

#include "jobs/registry.hpp"

#include <fmt/core.h>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/text.hpp"
#include "core/toml.hpp"
#include "jobs/evolve/evolve_job.hpp"
#include "jobs/evolve/parse.hpp"
#include "jobs/price/parse.hpp"
#include "jobs/price/price_job.hpp"
#include "jobs/price/render.hpp"
#include "jobs/train/parse.hpp"
#include "jobs/train/train_job.hpp"

namespace muster::jobs {
namespace {

ResolvedJob resolve_price(std::string_view text, std::filesystem::path const& file,
                          ResolveOptions const& options, std::vector<ResolvedSetting>* settings) {
  auto const params = price::parse_params(
      text, file,
      {.overrides = options.overrides, .tier = options.tier, .tier_reason = options.tier_reason},
      settings);
  return {"price", params.name, price::render_params(params), params.seed};
}

std::unique_ptr<Job> make_price(ResolvedJob const& resolved) {
  return price::make_price_job(price::parse_resolved(resolved.text));
}

ResolvedJob resolve_evolve(std::string_view text, std::filesystem::path const& file,
                           ResolveOptions const& options, std::vector<ResolvedSetting>* settings) {
  auto const params = evolve::parse_params(text, file, options, settings);
  return {"evolve", params.name, evolve::render_params(params), params.seed, file.parent_path().string()};
}

std::unique_ptr<Job> make_evolve(ResolvedJob const& resolved) {
  auto const folder = std::filesystem::path(resolved.folder);
  return evolve::make_evolve_job(evolve::parse_params(resolved.text, folder / "resolved job"), folder);
}

ResolvedJob resolve_train(std::string_view text, std::filesystem::path const& file,
                          ResolveOptions const& options, std::vector<ResolvedSetting>* settings) {
  auto const params = train::parse_params(text, file, options, settings);
  return {"train", params.name, train::render_params(params), params.seed, file.parent_path().string()};
}

std::unique_ptr<Job> make_train(ResolvedJob const& resolved) {
  auto const folder = std::filesystem::path(resolved.folder);
  return train::make_train_job(train::parse_params(resolved.text, folder / "resolved job"), folder);
}

}  // namespace

std::vector<Kind> const& kinds() {
  static std::vector<Kind> const all{
      {"evolve", resolve_evolve, make_evolve, evolve::reference},
      {"price", resolve_price, make_price, price::reference},
      {"train", resolve_train, make_train, train::reference, true},
  };
  return all;
}

namespace {

Kind const* look_up(std::string_view name) {
  for (auto const& kind : kinds())
    if (kind.name == name) return &kind;
  return nullptr;
}

std::string unknown_kind(std::string_view name) {
  std::vector<std::string_view> names;
  for (auto const& kind : kinds()) names.push_back(kind.name);
  return fmt::format("\"{}\" is unknown (the kind of job decides everything else); {}",
                     printable(name), suggest(name, names));
}

}  // namespace

Kind const& find_kind(std::string_view name) {
  Kind const* kind = look_up(name);
  MUSTER_REQUIRE(kind != nullptr, "kind: {}", unknown_kind(name));
  return *kind;
}

ResolvedJob resolve_job(std::string_view text, std::filesystem::path const& file,
                        ResolveOptions const& options, std::vector<ResolvedSetting>* settings) {
  Kind const* kind = nullptr;
  {
    // Only the kind is read here, and the document let go: its own kind parses the text again.
    auto const document = TomlDocument::parse(text, file.string(), options.overrides);
    TomlView const value = document.root().find("kind");
    MUSTER_REQUIRE(
        value,
        "{}:1:1: kind: missing (the kind of job decides everything else); write kind = \"price\"",
        file.string());
    std::string const place = to_text(value.place());
    MUSTER_REQUIRE(value.kind() == TomlKind::text,
                   "{}: kind: {} is not a name (the kind of job decides everything "
                   "else); write kind = \"price\"",
                   place, value.describe());
    kind = look_up(value.text());
    MUSTER_REQUIRE(kind != nullptr, "{}: kind: {}", place, unknown_kind(value.text()));
  }
  return kind->resolve(text, file, options, settings);
}

}  // namespace muster::jobs

#include "cli/stored_result.hpp"

#include <fmt/core.h>

#include <bit>

#include "cli/build_info.hpp"
#include "core/text.hpp"
#include "kernels/version.hpp"

namespace muster::cli {
namespace {

std::string text_of(double value) { return exact_number(value); }
std::string text_of(std::int64_t value) { return std::to_string(value); }
std::string text_of(std::string const& value) { return "\"" + printable(value) + "\""; }

/// NaN is the same as NaN, and 0.0 is not -0.0: bits count.
bool is_same(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }
template <class Plain>
bool is_same(Plain const& a, Plain const& b) { return a == b; }

std::optional<std::string> first_difference(Column const& a, Column const& b) {
  if (a.name != b.name || a.unit != b.unit || a.values.index() != b.values.index())
    return fmt::format("column {} is now {}", a.name, b.name);
  return std::visit(
      [&b, &a](auto const& mine) -> std::optional<std::string> {
        auto const& other = std::get<std::decay_t<decltype(mine)>>(b.values);
        if (mine.size() != other.size())
          return fmt::format("column {} has {} rows, now {}", a.name, mine.size(), other.size());
        for (std::size_t row = 0; row < mine.size(); ++row)
          if (!is_same(mine[row], other[row]))
            return fmt::format("{} in row {} is {}, now {}", a.name, row + 1, text_of(mine[row]), text_of(other[row]));
        return std::nullopt;
      },
      a.values);
}

std::vector<Table const*> answers(std::vector<Table> const& tables) {
  std::vector<Table const*> found;
  for (Table const& table : tables)
    if (is_answer(table)) found.push_back(&table);
  return found;
}

}  // namespace

namespace {

LoadedJob load_as_stored(io::Result const& stored, std::filesystem::path const& path) {
  MUSTER_REQUIRE(stored.arithmetic_version == kernels::arithmetic_version,
                 "{} was computed with arithmetic version {} (this muster {} has version {}, whose bits differ on "
                 "purpose; the file is not wrong); use muster {}{}", path.string(), stored.arithmetic_version, version(),
                 kernels::arithmetic_version, stored.muster_version,
                 stored.git_sha.empty() ? "" : " (" + stored.git_sha + ")");
  try {
    return load_resolved(stored.kind, stored.resolved_text, {});
  } catch (Error const& error) {
    // Files that the job names may lie beside the result instead of here.
    if (error.code() != Exit::user || path.parent_path().empty()) throw;
    return load_resolved(stored.kind, stored.resolved_text, path.parent_path());
  }
}

}  // namespace

LoadedJob load_stored_job(io::Result const& stored, std::filesystem::path const& path) {
  auto loaded = load_as_stored(stored, path);
  loaded.job->obey(stored.sums);
  return loaded;
}

void require_kind_computed_on(io::Result const& stored, std::filesystem::path const& path, std::string const& here) {
  if (stored.device_kind.empty() || stored.device_kind == here) return;
  throw_error(Exit::user, "{} was computed on {}, and this would compute on {} (a {} job has the same bits on one kind of device "
              "only, so all that differs would say nothing); do it {}", path.string(), printable(stored.device_kind), here,
              printable(stored.kind),
              stored.device_kind == cpu_kind ? "with --device cpu" : "where there is " + printable(stored.device_kind));
}

Machine prepare_machine_for(io::Result const& stored, std::filesystem::path const& path, MachineArguments const& arguments) {
  auto const mixing = stored.device_kind.empty() ? topology::Mixing::allowed : topology::Mixing::one_kind;
  auto machine = prepare_machine(arguments, mixing);
  require_kind_computed_on(stored, path, device_kind(machine.plan));
  return machine;
}

std::optional<std::string> first_difference(std::vector<Table> const& all_a, std::vector<Table> const& all_b) {
  auto const a = answers(all_a), b = answers(all_b);
  if (a.size() != b.size()) return fmt::format("{} tables, now {}", a.size(), b.size());
  for (std::size_t table = 0; table < a.size(); ++table) {
    if (a[table]->name != b[table]->name || a[table]->columns.size() != b[table]->columns.size())
      return fmt::format("table {} is now {}", a[table]->name, b[table]->name);
    for (std::size_t column = 0; column < a[table]->columns.size(); ++column)
      if (auto const difference = first_difference(a[table]->columns[column], b[table]->columns[column]))
        return fmt::format("table {}: {}", a[table]->name, *difference);
  }
  return std::nullopt;
}

}  // namespace muster::cli

// One line of `muster selftest`: what was checked, how it went, a figure and a reason.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::cli::selftest {

enum class Verdict { pass, fail, not_applicable };
/// "pass", "FAIL", "n/a" for people; "pass", "fail", "not_applicable" in JSON.
std::string_view word_for_people(Verdict verdict);
std::string_view word_for_json(Verdict verdict);

struct Line {
  std::string check;   ///< "digest of gbm"
  Verdict verdict = Verdict::pass;
  std::string figure;  ///< what was measured: "212 M path-steps/s"
  std::string reason;  ///< why it failed or does not apply, what was done when it passed
  std::vector<std::pair<std::string, double>> values;  ///< the figure for scripts, units in the names
};
using Lines = std::vector<Line>;

Line passed(std::string check, std::string figure, std::string reason);
Line failed(std::string check, std::string figure, std::string reason);
Line not_applicable(std::string check, std::string reason);

/// What `work` returns; an exception of it becomes a failed line. A request to stop is passed on.
Line guarded(std::string check, std::function<Line()> const& work);

bool has_failed(Lines const& lines);

}  // namespace muster::cli::selftest

#include "cli/selftest/line.hpp"

#include <algorithm>
#include <exception>

#include "core/error.hpp"

namespace muster::cli::selftest {

std::string_view word_for_people(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::fail: return "FAIL";
    case Verdict::not_applicable: return "n/a";
  }
  return "FAIL";
}

std::string_view word_for_json(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::fail: return "fail";
    case Verdict::not_applicable: return "not_applicable";
  }
  return "fail";
}

Line passed(std::string check, std::string figure, std::string reason) {
  return {std::move(check), Verdict::pass, std::move(figure), std::move(reason), {}};
}
Line failed(std::string check, std::string figure, std::string reason) {
  return {std::move(check), Verdict::fail, std::move(figure), std::move(reason), {}};
}
Line not_applicable(std::string check, std::string reason) {
  return {std::move(check), Verdict::not_applicable, "", std::move(reason), {}};
}

Line guarded(std::string check, std::function<Line()> const& work) {
  try {
    return work();
  } catch (Error const& error) {
    if (error.code() == Exit::stopped) throw;
    return failed(std::move(check), "", error.what());
  } catch (std::exception const& fault) {
    return failed(std::move(check), "", fault.what());
  }
}

bool has_failed(Lines const& lines) {
  return std::any_of(lines.begin(), lines.end(), [](auto const& line) { return line.verdict == Verdict::fail; });
}

}  // namespace muster::cli::selftest

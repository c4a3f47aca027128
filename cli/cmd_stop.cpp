#include <fmt/core.h>

#include "cli/commands.hpp"
#include "io/stop_request.hpp"

namespace muster::cli {

int cmd_stop(StopOptions const& options, Form form) {
  auto const request = io::request_stop(options.output);
  answer(form,
         fmt::format("process {} on {} is asked to stop: it saves and leaves with 75 within some seconds; muster wait {} "
                     "waits for that\n", request.to.pid, request.to.host, options.output.string()),
         Value::object({{"host", request.to.host}, {"pid", request.to.pid}, {"asked_utc", request.from.since_utc}}));
  return 0;
}

}  // namespace muster::cli

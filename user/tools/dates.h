// Times as people write them: for date -d, date -s and touch -d.
//
//     @1700000000.5    2024-01-31    2024-01-31 12:30    2024-01-31T12:30:15.5Z    12:30
//     now  today  yesterday  tomorrow       3 days ago    2 hours    -1 week
#pragma once

#include <time.h>

namespace quire::tools {

/// All times are UTC. False: it is none.
bool parse_date(const char* text, timespec& time);
/// [[CC]YY]MMDDhhmm[.ss], as touch -t has it.
bool parse_stamp(const char* text, timespec& time);

}  // namespace quire::tools

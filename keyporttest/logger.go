package keyporttest

import "log/slog"

// logged is what the records of [Logger] say.
var logged = &capture{stream: "the log"}

var logger = slog.New(slog.NewTextHandler(logged, everyLevel))

// Logger returns the logger to configure clients with in tests: it takes records of every
// level and shows none, and [ScanOutput] looks in them for what must not be seen, as
// it does in the output. To read what was logged, use a [LogRecorder].
func Logger() *slog.Logger { return logger }

package keyporttest

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"sync"
)

// LogRecorder is a log/slog handler that keeps what is logged, at every level, as
// text for [AssertClean].
type LogRecorder struct {
	mu     sync.Mutex // guards buffer
	buffer bytes.Buffer
	text   slog.Handler
}

var _ slog.Handler = (*LogRecorder)(nil)

// everyLevel keeps what any level has to say.
var everyLevel = &slog.HandlerOptions{Level: slog.Level(math.MinInt)}

// NewLogRecorder returns an empty recorder.
func NewLogRecorder() *LogRecorder {
	r := &LogRecorder{}
	r.text = slog.NewTextHandler(writer{r}, everyLevel)
	return r
}

// writer appends to the recorder under its lock.
type writer struct{ r *LogRecorder }

// Write implements [io.Writer].
func (w writer) Write(p []byte) (int, error) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	return w.r.buffer.Write(p)
}

// Enabled implements [slog.Handler]: everything is kept.
func (r *LogRecorder) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements [slog.Handler].
func (r *LogRecorder) Handle(ctx context.Context, record slog.Record) error {
	return r.text.Handle(ctx, record)
}

// WithAttrs implements [slog.Handler].
func (r *LogRecorder) WithAttrs(attrs []slog.Attr) slog.Handler { return r.text.WithAttrs(attrs) }

// WithGroup implements [slog.Handler].
func (r *LogRecorder) WithGroup(name string) slog.Handler { return r.text.WithGroup(name) }

// Text returns what was logged so far.
func (r *LogRecorder) Text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buffer.String()
}

package keyporttest_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

func TestALogRecorderKeepsEveryLevelAndEveryLogger(t *testing.T) {
	r := keyporttest.NewLogRecorder()
	logger := slog.New(r)
	for _, level := range []slog.Level{-1000, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, 1000} {
		if !logger.Enabled(t.Context(), level) {
			t.Errorf("level %v is not enabled", level)
		}
		logger.Log(t.Context(), level, "message", "level-of-it", int(level))
	}
	logger.With("a", 1).Log(t.Context(), -1000, "with attributes")
	logger.WithGroup("g").Log(t.Context(), -1000, "in a group", "b", 2)
	text := r.Text()
	for _, want := range []string{"level-of-it=-1000", "level-of-it=-4", "level-of-it=0", "level-of-it=4", "level-of-it=8", "level-of-it=1000", "a=1", "g.b=2"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
}

func TestALogRecorderIsSafeForConcurrentUse(t *testing.T) {
	r := keyporttest.NewLogRecorder()
	logger := slog.New(r)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 50 {
				logger.Info("line")
				_ = r.Text()
			}
		})
	}
	all.Wait()
	if n := strings.Count(r.Text(), "msg=line\n"); n != 1000 {
		t.Errorf("%d lines, want 1000", n)
	}
}

package system_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/system"
)

// The next program has its turn when one fails at once.
func TestProgramsThatFail(t *testing.T) {
	for _, row := range []struct {
		name  string
		fails map[string]error
		want  []string // what was started
		says  string   // the error, when there is one
	}{
		{"none", nil, []string{"firefox"}, ""},
		{"the first cannot be started", map[string]error{"/usr/bin/firefox": errCannotStart}, []string{"firefox", "xdg-open"}, ""},
		{"the first ends with an error", map[string]error{"/usr/bin/firefox": errExit}, []string{"firefox", "xdg-open"}, ""},
		{"all", map[string]error{"/usr/bin/firefox": errExit, "/usr/bin/xdg-open": errCannotStart, "/usr/bin/x-www-browser": errExit},
			[]string{"firefox", "xdg-open", "x-www-browser"}, "firefox: exit status 3; xdg-open: permission denied; x-www-browser: exit status 3"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := desktop{fails: row.fails, Machine: on("linux", env("BROWSER", "firefox", "DISPLAY", ":0"), "firefox", "xdg-open", "x-www-browser")}
			err := d.browser().Open(t.Context(), page)
			var names []string
			for _, s := range d.started {
				names = append(names, strings.TrimPrefix(s.Path, "/usr/bin/"))
			}
			if diff := cmp.Diff(row.want, names); diff != "" {
				t.Error(diff)
			}
			if row.says == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			wantNoBrowser(t, err, "could not open a page")
			if !strings.Contains(err.Error(), row.says) || !errors.Is(err, errExit) || !errors.Is(err, errCannotStart) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A program that runs on is the browser, or has found one.
func TestHowLongOpenWaits(t *testing.T) {
	for _, row := range []struct {
		name string
		runs time.Duration
		err  error
		took time.Duration
		want bool
	}{
		{"a program that hands over", 100 * time.Millisecond, nil, 100 * time.Millisecond, true},
		{"a program that fails", 2 * time.Second, errExit, 2 * time.Second, false},
		{"a program that is the browser", time.Hour, nil, 3 * time.Second, true},
		{"a browser that ends badly", time.Hour, errExit, 3 * time.Second, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := on("linux", display, "xdg-open")
				m.Start = func(string, []string, []string) (func() error, error) {
					return func() error { time.Sleep(row.runs); return row.err }, nil
				}
				begin := time.Now()
				err := system.NewBrowser(m).Open(t.Context(), page)
				if took := time.Since(begin); took != row.took || (err == nil) != row.want {
					t.Errorf("after %v: %v; want %v", took, err, row.took)
				}
				time.Sleep(row.runs) // whoever waits for the program ends with it
			})
		})
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := desktop{Machine: on("linux", display, desktopPrograms...)}
		d.Start = func(path string, args, env []string) (func() error, error) {
			_, _ = d.start(path, args, env)
			return func() error { time.Sleep(time.Hour); return nil }, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		err := system.NewBrowser(d.Machine).Open(ctx, page)
		if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took != time.Second || len(d.started) != 1 {
			t.Errorf("after %v: %v, with %d programs started", took, err, len(d.started))
		}
		time.Sleep(time.Hour) // as above
	})
}

package system_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/system"
	"github.com/seed57855a68/keyport/domain"
)

func TestWhatIsOpened(t *testing.T) {
	for _, row := range []struct{ address, want string }{
		{"https://login.example", "https://login.example"},
		{"HTTPS://Login.Example/A?b=C#d", "HTTPS://Login.Example/A?b=C#d"},
		{"http://localhost:8400/start?x=1", "http://localhost:8400/start?x=1"},
		{"http://127.0.0.1:8400/", "http://127.0.0.1:8400/"},
		{"http://[::1]:8400/", "http://[::1]:8400/"},
		{"https://login.example/a?b=%26+%24%27c,d", "https://login.example/a?b=%26+%24%27c,d"},
		{"https://login.example/?x=$(calc)`id`'\";|<>^{}\\!*()\u00e9 -x", "https://login.example/?x=%24%28calc%29%60id%60%27%22%3B%7C%3C%3E%5E%7B%7D%5C%21%2A%28%29%C3%A9%20-x"},
	} {
		for _, goos := range []string{"linux", "darwin", "windows"} {
			var opened string
			m := on(goos, display, "xdg-open", macOpen)
			m.ShellExecute = func(address string) error { opened = address; return nil }
			m.Start = func(_ string, args, _ []string) (func() error, error) {
				opened = args[0]
				return func() error { return nil }, nil
			}
			if err := system.NewBrowser(m).Open(t.Context(), row.address); err != nil || opened != row.want {
				t.Errorf("%s opens %q, error %v, want %q", goos, opened, err, row.want)
			}
		}
	}
}

func TestWhatIsNotOpened(t *testing.T) {
	for _, address := range []string{
		"", " ", "https:", "https://", "https://:443/", "https:///path", "https:login.example", "//login.example", "login.example",
		"http://login.example/", "http://localhost.example/", "http://127.0.0.1.example/", "http://127.0.0.2/", "http://[::2]/", "http://LOCALHOST@login.example/",
		"https://user:s3cr3t-canary@login.example/", "https://user@login.example/", "http://user@localhost/",
		"file:///etc/passwd", "FILE:///C:/Windows/System32/calc.exe", "javascript:alert(1)", "data:text/html,<script>", "ms-settings:", "vscode://x",
		"-https://login.example/", "--version", "calc.exe", `\\host\share`, "https://login.example\\@evil.example/", " https://login.example/",
		"https://login.example/\n--version", "https://login.example/\x00", "https://login.example/%zz", "https://login .example/",
	} {
		for _, goos := range []string{"linux", "darwin", "windows"} {
			d := desktop{Machine: on(goos, env("DISPLAY", ":0", "BROWSER", "firefox"), "xdg-open", "firefox", macOpen)}
			d.ShellExecute = func(address string) error { t.Errorf("%q is opened", address); return nil }
			err := d.browser().Open(t.Context(), address)
			var config *domain.ConfigError
			if !errors.As(err, &config) || config.Field != "address" || len(d.started) > 0 || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s, %q: got %v, started %v", goos, address, err, d.started)
			}
		}
	}
}

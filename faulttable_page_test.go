package keyport_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const faultPage = "docs/faults.md"

// faultGroups are the sections of the page.
var faultGroups = []struct {
	heading string
	faults  []fault
}{
	{"No connection", connectionFaults},
	{"TLS", tlsFaults},
	{"The connection breaks, or nothing comes", brokenFaults},
	{"HTTP/2", http2Faults},
	{"Proxies", proxyFaults},
	{"Statuses", statusFaults},
	{"Redirects", redirectFaults},
	{"429 and 503", retryAfterFaults},
	{"Encodings", encodingFaults},
	{"What is no token response", bodyFaults},
	{"Members of the token response", memberFaults},
}

// line is the row of the page.
func (o observed) line(what string) string {
	get := o.Get
	if o.Is != "" {
		get += ", " + o.Is
	}
	next := "is sent"
	if o.Pause > 0 {
		next = "waits " + o.Pause.String()
	}
	if o.Get == "a token" {
		get, next = "a token, "+o.Text, ""
	} else {
		get += ": `" + strings.ReplaceAll(o.Text, "|", `\|`) + "`"
	}
	return fmt.Sprintf("| %s | %s | %d | %d | %v | %s |", what, get, o.Connections, o.Sent, seconds(o.Took), next)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%d s", d/time.Second) }

var steadyFaults = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`^acquire token for client: (token endpoint: (no answer from|unusable answer from) ` + regexp.QuoteMeta(faultyHost) + `:? )?`), ""},
	{regexp.MustCompile(` \(correlation id [0-9a-f-]+\)`), ""},
	{regexp.MustCompile(`no answer within 30s \(Options.Timeout\): `), ""}, // the limits of client and request end together
	{regexp.MustCompile(`read pipe: `), ""},
	{regexp.MustCompile(` on [0-9a-f.:\[\]]+:53`), ""}, // the name server of this machine
}

// steadyFault is the text of an error without what each has, or what differs from run to run.
func steadyFault(err error) string {
	text := err.Error()
	for _, p := range steadyFaults {
		text = p.what.ReplaceAllString(text, p.as)
	}
	return text
}

// faultRows are the rows of the page by heading and fault, and their order.
type faultRows struct {
	order []string
	lines map[string]string
}

func (r faultRows) line(heading, what string) string { return r.lines[heading+"/"+what] }

func readFaultPage(t *testing.T) faultRows {
	t.Helper()
	page, err := os.ReadFile(faultPage)
	if err != nil {
		t.Fatal(err)
	}
	rows, heading := faultRows{lines: map[string]string{}}, ""
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSuffix(line, "\n")
		if h, ok := strings.CutPrefix(line, "## "); ok {
			heading = h
		}
		what, isRow := strings.CutPrefix(line, "| ")
		if what, _, _ = strings.Cut(what, " |"); isRow && what != "what happens" {
			rows.order = append(rows.order, heading+"/"+what)
			rows.lines[heading+"/"+what] = line
		}
	}
	return rows
}

// TestThePageHasEveryFault and no other, in the order of the table.
func TestThePageHasEveryFault(t *testing.T) {
	var want []string
	for _, group := range faultGroups {
		for _, f := range group.faults {
			want = append(want, group.heading+"/"+f.what)
		}
	}
	if diff := cmp.Diff(want, readFaultPage(t).order); diff != "" {
		t.Errorf("%s (-table +page):\n%s", faultPage, diff)
	}
	if len(want) < 60 {
		t.Errorf("%d faults", len(want))
	}
}

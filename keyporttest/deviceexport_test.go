package keyporttest

import (
	"io"
	"net/http"
	"net/url"
)

// DecideLate has a user say yes who saw the page in time, and pressed the button when
// somebody else had pressed it. It returns the page that answers.
func (a *Authority) DecideLate(userCode string) string {
	d := a.flows.devices.byUserCode[userCodeKey(userCode)]
	x := &exchange{request: &http.Request{URL: &url.URL{Path: "/device"}}}
	page := a.decide(x, d, pageDeviceDone, func() { d.granted = &delegation{} })
	text, _ := io.ReadAll(page.body)
	return string(text)
}

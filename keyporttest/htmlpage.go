package keyporttest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// htmlPage is what a browser sees of a page.
type htmlPage struct {
	id    string // of the main element
	title string
	alert string
	forms []*htmlForm
}

// htmlForm is a form with the values that it has before anybody fills it in.
type htmlForm struct {
	action string
	values url.Values
	does   []string // the values of the buttons called "do"
}

// press returns the form's values with those of a button.
func (f *htmlForm) press(do string) url.Values {
	values := maps.Clone(f.values)
	values.Set("do", do)
	return values
}

func (f *htmlForm) has(do string) bool { return slices.Contains(f.does, do) }

func (p *htmlPage) problem(status int) *PageError {
	return &PageError{Status: status, Page: p.id, Title: p.title, Text: p.alert}
}

// readHTML reads a page of the server's. It is no parser for HTML at large: the pages
// are well-formed, but for elements that HTML leaves open.
func readHTML(text []byte) (*htmlPage, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	p := &htmlPage{}
	var into *string // the text that is being read
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return nil, errors.New("keyporttest: the page cannot be read")
		}
		switch t := token.(type) {
		case xml.StartElement:
			into = p.open(t)
		case xml.CharData:
			if into != nil {
				*into += string(t)
			}
		case xml.EndElement:
			into = nil
		}
	}
}

// open notes an element, and returns where its text goes.
func (p *htmlPage) open(e xml.StartElement) *string {
	attributes := map[string]string{}
	for _, a := range e.Attr {
		attributes[a.Name.Local] = a.Value
	}
	switch e.Name.Local {
	case "title":
		return &p.title
	case "main":
		p.id = attributes["id"]
	case "p":
		if attributes["role"] == "alert" {
			return &p.alert
		}
	case "form":
		p.forms = append(p.forms, &htmlForm{action: attributes["action"], values: url.Values{}})
	case "input", "button":
		if len(p.forms) > 0 {
			p.forms[len(p.forms)-1].add(strings.ToLower(e.Name.Local), attributes)
		}
	}
	return nil
}

func (f *htmlForm) add(element string, attributes map[string]string) {
	switch {
	case element == "button" && attributes["name"] == "do":
		f.does = append(f.does, attributes["value"])
	case element == "input" && attributes["name"] != "":
		f.values.Set(attributes["name"], attributes["value"])
	}
}

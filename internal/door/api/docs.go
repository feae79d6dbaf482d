package api

import (
	_ "embed"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"stamm/internal/platform/i18n"
)

//go:embed docs.css
var docsStyle []byte

// docsPage is what the page that describes the API shows.
type docsPage struct {
	p       *i18n.Printer
	groups  []docsGroup
	schemas []docsSchema
}

// docsGroup are the operations on one kind of thing.
type docsGroup struct {
	name       string
	operations []docsOperation
}

// docsOperation is one address.
type docsOperation struct {
	route
	parameters  []docsField
	takes       *docsType
	answers     *docsType
	title, text string
}

// docsSchema is a kind of object.
type docsSchema struct {
	name   string
	fields []docsField
}

// docsField is a field of an object or a parameter of an address.
type docsField struct {
	name     string
	kind     docsType
	required bool
	text     string
}

// docsType is what a field holds: words, and the name of an object if it is one.
type docsType struct {
	words  string
	object string
}

// docs answers with the description of the API as a page, made from the OpenAPI document.
func (s *server) docs(w http.ResponseWriter, r *http.Request) {
	settings, err := s.company.get(r.Context())
	if err != nil {
		settings.Language = i18n.Languages()[0]
	}
	lang := settings.Language
	if header := r.Header.Get("Accept-Language"); header != "" {
		lang = i18n.Match(header)
	}
	page := s.docsPage(i18n.For(lang, settings.zone))
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Language")
	if err := docsView(page).Render(r.Context(), w); err != nil {
		s.log.Debug("the description of the API did not arrive", "error", err)
	}
}

func (s *server) docsPage(p *i18n.Printer) docsPage {
	page := docsPage{p: p}
	doc := s.huma.OpenAPI()
	for _, r := range s.order {
		n := slices.IndexFunc(page.groups, func(g docsGroup) bool { return g.name == r.tag })
		if n < 0 {
			n, page.groups = len(page.groups), append(page.groups, docsGroup{name: r.tag})
		}
		page.groups[n].operations = append(page.groups[n].operations, page.operation(doc, r))
	}
	schemas := doc.Components.Schemas.Map()
	names := make([]string, 0, len(schemas))
	for name := range schemas {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		page.schemas = append(page.schemas, docsSchema{name, page.fields(name, schemas[name])})
	}
	return page
}

func (page docsPage) operation(doc *huma.OpenAPI, r route) docsOperation {
	op := operationOf(doc, r)
	o := docsOperation{route: r, title: page.p.T("api.op." + r.id + ".title"), text: page.p.T("api.op." + r.id + ".text")}
	for _, param := range op.Parameters {
		o.parameters = append(o.parameters, docsField{param.Name, typeOf(param.Schema), param.Required, fieldText(page.p, "parameter", param.Name)})
	}
	if op.RequestBody != nil {
		o.takes = contentType(op.RequestBody.Content)
	}
	for status, answer := range op.Responses {
		if status != "default" {
			o.answers = contentType(answer.Content)
		}
	}
	return o
}

func contentType(content map[string]*huma.MediaType) *docsType {
	for _, media := range content {
		t := typeOf(media.Schema)
		return &t
	}
	return nil
}

func (page docsPage) fields(name string, schema *huma.Schema) []docsField {
	var all []docsField
	for field, s := range schema.Properties {
		all = append(all, docsField{field, typeOf(s), slices.Contains(schema.Required, field), fieldText(page.p, name, field)})
	}
	slices.SortFunc(all, func(a, b docsField) int {
		if a.required != b.required {
			return map[bool]int{true: -1, false: 1}[a.required]
		}
		return strings.Compare(a.name, b.name)
	})
	return all
}

// typeOf says what a schema takes, in the words of JSON Schema.
func typeOf(s *huma.Schema) docsType {
	switch {
	case s.Ref != "":
		return docsType{object: s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]}
	case s.Type == huma.TypeArray:
		of := typeOf(s.Items)
		return docsType{words: strings.TrimSpace("array " + of.words), object: of.object}
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			words[i], _ = v.(string)
		}
		return docsType{words: strings.Join(words, " | ")}
	case s.Format != "" && s.Type == huma.TypeString:
		return docsType{words: s.Format}
	case s.Type == huma.TypeString && s.Pattern != "":
		return docsType{words: "decimal"}
	case s.Type == "":
		return docsType{words: "any"}
	}
	return docsType{words: s.Type}
}

const docsExample = `curl -X PUT https://stamm.example.com/api/v1/documents/myshop/order/4711 \
  -H "Authorization: Bearer stamm_…" -H "Content-Type: application/json" \
  -d '{"customer": {"external_id": "K-1024"}, "time": "2026-03-01T10:00:00+01:00",
       "lines": [{"sku": "ESP-1000", "description": "Espresso", "quantity": "2", "unit_price": "19.90"}]}'`

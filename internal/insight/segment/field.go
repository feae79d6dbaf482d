package segment

import (
	"strings"

	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
)

// ConditionField is what a condition can ask for, as it is listed outside.
type ConditionField struct {
	Name      string               `json:"name"`
	Label     string               `json:"label"`
	Type      filter.Type          `json:"type"`
	Operators []string             `json:"operators"`
	Choices   []string             `json:"choices,omitempty"`
	Period    bool                 `json:"period"`             // may be asked for a period, as in orders(last 30 d)
	Narrowed  []ConditionParameter `json:"narrowed,omitempty"` // by what else may stand in the brackets
}

// ConditionParameter narrows what counts for a field.
type ConditionParameter struct {
	Name    string      `json:"name"`
	Label   string      `json:"label"`
	Type    filter.Type `json:"type"`
	Choices []string    `json:"choices,omitempty"`
}

// Fields lists the fields, those that the company defined among them.
func (b *Book) Fields(p *i18n.Printer) []ConditionField {
	all := []ConditionField{}
	for _, f := range b.Catalogue.Fields() {
		shown := ConditionField{Name: f.Name, Label: f.Title(p), Type: f.Type, Choices: f.Choices, Period: f.Windowed()}
		for _, o := range f.Operators() {
			shown.Operators = append(shown.Operators, string(o))
		}
		for _, param := range f.Params {
			shown.Narrowed = append(shown.Narrowed, ConditionParameter{param.Name, p.T(param.Words + ".label"), param.Type, param.Choices})
		}
		all = append(all, shown)
	}
	return all
}

// Brackets are what may stand behind the name, as one types it; empty where nothing may.
func (f ConditionField) Brackets() string {
	var all []string
	for _, p := range f.Narrowed {
		all = append(all, p.Name+" = …")
	}
	if f.Period {
		all = append(all, "last 30 d")
	}
	if len(all) == 0 {
		return ""
	}
	return "(" + strings.Join(all, ", ") + ")"
}

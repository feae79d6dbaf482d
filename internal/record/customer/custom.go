package customer

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

const customPrefix = "custom."

// The types of custom fields.
const (
	TypeText   = "text"
	TypeNumber = "number" // decimal point, as 1234.56
	TypeDate   = "date"   // 2006-01-02
	TypeFlag   = "flag"   // yes or empty
	TypeChoice = "choice" // one of Choices
)

// CustomField is a field the company defined itself.
type CustomField struct {
	ID      int64
	Key     string // lower case letters, digits and _; the field is custom.KEY
	Label   string
	Type    string
	Choices []string // of TypeChoice
}

// Catalogue knows all fields a customer has, the custom ones included. The zero value knows those without custom.
type Catalogue struct {
	Custom []CustomField // by label
}

// LoadCatalogue reads the custom fields.
func LoadCatalogue(ctx context.Context, tx *store.Tx) (Catalogue, error) {
	var c Catalogue
	rows, err := tx.Query(ctx, sqlCustomFields)
	if err != nil {
		return c, err
	}
	defer rows.Close()
	for rows.Next() {
		var f CustomField
		var choices string
		if err := rows.Scan(&f.ID, &f.Key, &f.Label, &f.Type, &choices); err != nil {
			return c, err
		}
		if err := json.Unmarshal([]byte(choices), &f.Choices); err != nil {
			return c, err
		}
		c.Custom = append(c.Custom, f)
	}
	return c, rows.Err()
}

func (c Catalogue) custom(key string) *CustomField {
	if i := slices.IndexFunc(c.Custom, func(f CustomField) bool { return f.Key == key }); i >= 0 {
		return &c.Custom[i]
	}
	return nil
}

func (c Catalogue) checkCustom(key, text string) (string, *fault.Error) {
	f := c.custom(key)
	if f == nil {
		return "", fault.New(fault.Invalid, "customer.unknown_field", "field", customPrefix+key)
	}
	text = clean(text)
	if text == "" {
		return "", nil
	}
	switch f.Type {
	case TypeNumber:
		if _, err := strconv.ParseFloat(text, 64); err != nil || strings.Trim(text, "0123456789.-") != "" {
			return "", fault.New(fault.Invalid, "errors.number", "text", text)
		}
	case TypeDate:
		if _, err := clock.ParseDay(text); err != nil {
			return "", fault.As(err)
		}
	case TypeFlag:
		return choice("customer.flag_form", text, flagWords)
	case TypeChoice:
		folded := nameKey(text)
		for _, c := range f.Choices {
			if nameKey(c) == folded {
				return c, nil
			}
		}
		return "", fault.New(fault.Invalid, "errors.choice", "text", text)
	}
	return limited(text, 2000)
}

// DefineField adds a custom field. The key must be free and the type one of the five.
func DefineField(ctx context.Context, tx *store.Tx, f CustomField) (int64, error) {
	f.Label = clean(f.Label)
	for i := range f.Choices {
		f.Choices[i] = clean(f.Choices[i])
	}
	f.Choices = slices.DeleteFunc(f.Choices, func(s string) bool { return s == "" })
	switch {
	case f.Key == "" || len(f.Key) > 40 || strings.Trim(f.Key, "abcdefghijklmnopqrstuvwxyz0123456789_") != "":
		return 0, fault.New(fault.Invalid, "customer.custom_key", "text", f.Key).On("key")
	case f.Label == "":
		return 0, fault.New(fault.Invalid, "errors.required").On("label")
	case !slices.Contains([]string{TypeText, TypeNumber, TypeDate, TypeFlag, TypeChoice}, f.Type):
		return 0, fault.New(fault.Invalid, "errors.choice", "text", f.Type).On("type")
	case f.Type == TypeChoice && len(f.Choices) == 0:
		return 0, fault.New(fault.Invalid, "errors.required").On("choices")
	}
	if f.Choices == nil {
		f.Choices = []string{}
	}
	all, err := LoadCatalogue(ctx, tx)
	if err != nil {
		return 0, err
	}
	if all.custom(f.Key) != nil {
		return 0, fault.New(fault.Conflict, "customer.custom_taken", "key", f.Key).On("key")
	}
	id, err := tx.InsertID(ctx, sqlDefineField, f.Key, f.Label, f.Type, store.JSON(f.Choices), clock.Micros(tx.Now))
	if err != nil {
		return 0, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "custom_field.defined", Subject: id, Body: map[string]any{"key": f.Key, "type": f.Type}})
	return id, err
}

// splitTags reads a list of tags.
func splitTags(text string) ([]string, *fault.Error) {
	var tags []string
	for _, t := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;|", r) }) {
		if t = strings.Join(strings.Fields(clean(t)), " "); t == "" || slices.Contains(tags, t) {
			continue
		}
		if len(t) > 100 {
			return nil, fault.New(fault.Invalid, "errors.too_long", "max", 100)
		}
		tags = append(tags, t)
	}
	return tags, nil
}

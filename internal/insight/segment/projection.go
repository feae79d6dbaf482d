package segment

import (
	"strconv"

	"stamm/internal/platform/filter"
	"stamm/internal/platform/warehouse"
)

// Projection is how frozen segments appear in the warehouse. Live ones need no rows there: they are their conditions.
func Projection() warehouse.Projection {
	return warehouse.Projection{Tables: []warehouse.Table{{
		Name:   "segment_list",
		Key:    "customer",
		DDL:    `segment BIGINT, customer BIGINT`,
		Select: `SELECT segment, customer FROM segment_list WHERE customer BETWEEN $1 AND $2`,
		Span:   `SELECT min(customer), max(customer) FROM segment_list`,
	}}}
}

// listField asks for the lists a customer is in, by the id of the frozen segment. People never see it: they name the segment.
var listField = filter.Field{
	Name: "segment.list", Type: filter.TypeChoice, Many: true, Words: "segment.list",
	Way: filter.Way{SQL: "CAST(sl.segment AS VARCHAR)", Source: filter.Source{Name: "segment_list", From: "segment_list sl", Customer: "sl.customer",
		Cost: 100, Tables: []string{"segment_list"}}},
}

// listed is the tree of the customers in a list.
func listed(segment int64) filter.Tree {
	return filter.Tree{Is: &filter.Condition{Field: listField.Name, Is: filter.Equal, Values: []filter.Value{{Text: strconv.FormatInt(segment, 10)}}}}
}

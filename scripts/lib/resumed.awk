# The waves of a campaign that goes on: the plan says how, its queue in the database (wave, schema) in which order.
FILENAME == ARGV[1] { list[$1] = $2; word[$1] = $3; way[$1] = $5; next }
$2 in list { take($2, list[$2], word[$2], way[$2], $1 + 0) }
END { end_waves() }

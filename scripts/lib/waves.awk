# The files of a deploy's waves, for the shell: wave.W with a line a schema, take NUMBER SCHEMA LIST WORD-FOR-PSQL WAY, and waves with the
# number of the last wave and how many schemas each has. Variable: folder. In the order of work: take(schema, list, word, way, wave).
function take(schema, list, word, way, wave,   name) {
    if (wave > last_wave) last_wave = wave
    in_wave_of[wave]++
    name = schema; gsub(/\047/, "\047\\\047\047", name); gsub(/\047/, "\047\\\047\047", word)
    printf "take %d \047%s\047 %d \047%s\047 %s\n", ++taken, name, list, word, way > (folder "/wave." wave)
}
function end_waves(   i) {
    printf "%d", last_wave > (folder "/waves")
    for (i = 0; i <= last_wave; i++) printf " %d", in_wave_of[i] > (folder "/waves")
    print "" > (folder "/waves")
}

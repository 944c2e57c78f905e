"""Stories of paths, animals and things that rustle."""

from __future__ import annotations

from itertools import product

from mistudio_core.example.plot import Plot, Theme, listed

_LOST = Plot(
    openings=(
        "Behind {town} begins the {wood_kind} forest, and on a bright day {hero} went in to look for {berries}.",
        "{A_hero} set out with a {basket} on {his} arm, because {elder} had a cough and needed {herb}.",
        '"Stay on the path," everybody told {hero}. And {he} did stay on it, until it divided into three.',
    ),
    tries=(
        "{He} climbed a {forest_tree} to look for the church tower, but saw only green waves up to the sky.",
        "{He} asked a {forest_animal}, who thought about it for a long time and then forgot the question.",
        "{He} laid a trail of {trail}. When {he} looked back, a {forest_animal2} was walking behind {him} and eating "
        "it.",
        "{He} followed a {stream}, for water always knows where it is going, but it slipped under a stone and did "
        "not come out again.",
        "{He} {cried} as loudly as {he} could. A {forest_animal} dropped a nut in surprise; otherwise nothing "
        "happened.",
    ),
    turns=tuple(
        product(
            (
                "When {he} turned round, the path was gone. There were only trees, and behind the trees there were "
                "more of them, all exactly alike.",
                "Soon {he} came past a {landmark}, and then past another, and then {he} understood that it was the "
                "same one.",
                "A {colour} bird sang so sweetly that {he} followed it from branch to branch, and when it stopped "
                "singing, {he} was deep in the wood.",
            ),
            (
                "Then {he} saw that the moss grew on one side of every trunk, always the same side. {Elder} had once "
                "told {him} about it: moss looks north.",
                "Something pulled at {his} {clothes}. It was a young {forest_animal} with a thorn in its foot. "
                "{Hero} drew the thorn out {carefully}, and the little creature trotted ahead, looking back at every "
                "bend.",
                "From far away came the sound of a {instrument}, played rather badly. Only {friend} played as badly "
                "as that, and {hero} ran towards it laughing.",
            ),
        )
    ),
    endings=(
        "At the edge of the wood the lamps of {town} were just being lit. {He} had never seen anything so {nice}.",
        "At home there was {treat}, and outside the window sat a {forest_animal} and waited for its share.",
        "Since that day there are {n} {colour} ribbons tied to the trees, one at every turning, and nobody has lost "
        "the way again.",
    ),
)

_HOLLOW = Plot(
    openings=(
        "In a hollow {forest_tree} in the middle of the wood lived {a_hero} who had everything in its place.",
        "{Hero} and {friend} shared a den under the roots of a {forest_tree}, with {n} {nut_many} in the cellar.",
        "The oldest creature in the wood was {elder}, and every evening {hero} went to {ehim} to hear a story.",
    ),
    tries=(
        "{Hero} lay awake and listened. All that {he} heard was somebody breathing, and that was only {himself}.",
        "{He} wrote a notice on a large leaf and pinned it up, but the {forest_animal} ate it before anybody had "
        "read it.",
        "They held a meeting under the {landmark}. The {forest_animal} talked for an hour, and the {forest_animal2} "
        "fell asleep.",
        "{Friend} went looking with a {gift} and a firefly in a jar, and came back with a cobweb on each ear.",
    ),
    turns=(
        (
            "One night there came a knocking from inside the wall. {Knock}, it went, and then, after a pause, "
            "{knock} again.",
            "At last {hero} took heart and opened the {small} door at the back. There stood a {forest_animal}, wet "
            'to the skin, who said, "I did not want to disturb you."',
        ),
        (
            "When autumn came, {hero} counted the winter stores. There should have been {n} {nut_many}, and there "
            "were only {rest}.",
            '"I took them," said {friend} and turned as red as a {berry}. "The {forest_animal} had none at all, and '
            'there were {k} mouths to feed. I wanted to tell you every day."',
        ),
        (
            "Then a storm threw down the {forest_tree2} at the crossing, and in it had lived {few} families with all "
            "their children.",
            '"My house has a spare room," {said} {hero}. It was not quite true, but by the evening it was: {he} '
            "moved the table onto the ceiling.",
        ),
    ),
    endings=(
        "That winter was the warmest anyone could remember, because nobody had a bed alone.",
        "They shared what there was, {few} for each and one for luck, and when spring came there was still one left.",
        "Now there are two bells at the door, a high one for {friend} and a low one for {hero}, and a mat on which "
        'stands "Do disturb".',
    ),
)

FOREST = Theme(
    name="forest",
    words={
        "wood_kind": listed("dark, deep, whispering, beech, birch, pine, wild, silent, tangled, great, mossy"),
        "berries": listed("blueberries, blackberries, wild strawberries, mushrooms, chestnuts, hazelnuts, pine cones"),
        "berry": listed("strawberry, rowan berry, cherry, rosehip, cranberry, radish, toadstool, currant, sunset"),
        "herb": listed("thyme, chamomile, elderberries, coltsfoot, mint, lime blossom, nettles, wild garlic, yarrow"),
        "basket": listed("basket, satchel, bucket, knapsack, sack, willow basket, canvas bag, lunch box, milk can"),
        "landmark": listed("""
            split rock, hollow log, ruined tower, mossy bridge, stone with a face, giant anthill, forgotten well,
            fallen oak, signpost without words, charcoal burner's hut, round clearing, waterfall
        """),
        "forest_tree": listed(
            "oak, beech, fir, spruce, birch, ash tree, elm, maple, larch, willow, yew, alder, lime tree"
        ),
        "forest_animal": listed("""
            hare, stag, wild boar, badger, squirrel, dormouse, marten, fox, cuckoo, jay, hedgehog, beaver, salamander,
            lynx, polecat, roe deer, hawk, shrew
        """),
        "trail": listed("breadcrumbs, cherry stones, raisins, peas, biscuit crumbs, sunflower seeds, barley, popcorn"),
        "stream": listed("brook, stream, trickle, rivulet, ditch, beck, spring"),
        "instrument": listed("trombone, fiddle, trumpet, accordion, bagpipe, tuba, clarinet, hunting horn, bugle"),
        "nut_many": listed("acorns, hazelnuts, walnuts, chestnuts, beechnuts, dried plums, pine nuts, apple rings"),
        "knock": listed("tap tap, bump bump, rat-a-tat, thump thump, knock knock, pitter-patter, scratch scratch"),
    },
    plots=(_LOST, _HOLLOW),
    tiny=(
        "{Hero} got lost among the {wood_kind} trees. {He} sat down under a {forest_tree} and waited. Soon a "
        "{forest_animal} came along, and it was lost too, so they looked for the way together.",
        '"Who lives in that {forest_tree}?" asked {hero}. "{Knock}," went the tree. "A woodpecker," {said} {friend}, '
        '"or somebody who wants us to think so."',
        "A {forest_animal} and a {forest_animal2} argued over {n} {nut_many}. {Hero} came by and divided them: {k} "
        "for the first, {rest} for the second. Then {he} asked, very politely, who was the better climber, and ran.",
        "In the snow {hero} found tracks, large ones and small ones side by side. {He} followed them for an hour. "
        "They led to {his} own front door, where {friend} stood with {treat}.",
        "The {stream} said one word all day long, but so quickly that nobody understood it. {Hero} listened the "
        'whole summer. "It says {knock}," {he} told {elder}, who wrote it down.',
    ),
)

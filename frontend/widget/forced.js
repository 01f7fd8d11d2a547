// For whoever has the few colours of their system (Windows' contrast themes): edges and states where there are colours
// and shadows otherwise. Loaded for them alone.

import { wear } from "./dom.js"
import style from "./forced.css"

wear(style)
